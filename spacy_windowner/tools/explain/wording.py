"""What the terminal and the page say in the same words."""

from ...pages.render_page import visible
from .explanation import ExplainedEntity, Explanation, Removal

NONE_FOUND = "No entities are found in this text."
SHOWN = 0.005  # what isn't 0.00


def signed(number: float) -> str:
    """A number with its sign, if it isn't 0.00."""
    return f"{number:+.2f}" if abs(number) >= SHOWN else "0.00"


def describe_method(explanation: Explanation) -> str:
    """How the parts were found, as a sentence."""
    tokens = [token for entity in explanation.entities for token in entity.tokens]
    if explanation.method == "exact":
        return "Exact: the parts and the bias add up to the margin."
    worst = max((abs(token.remainder) for token in tokens), default=0.0)
    return (
        f"Integrated gradients from zero embeddings: parts and bias add up to the margin within "
        f"{worst:.1g}."
    )


def describe_context(entity: ExplainedEntity) -> str:
    """What hangs on a single word of the context, as one or two sentences."""
    if entity.flip is not None:
        removal = entity.flip
        return f"Without {_where(entity, removal)}, {_found(entity, removal)}."
    if entity.support is None:
        return "No word of the context, removed by itself, changes this or lowers the margin."
    removal = entity.support
    return (
        f"No word of the context, removed by itself, changes this. The margin is lowest without "
        f"{_where(entity, removal)}: {removal.margin:.2f}, in place of {entity.margin:.2f}."
    )


def _where(entity: ExplainedEntity, removal: Removal) -> str:
    before = removal.token < entity.start
    distance = entity.start - removal.token if before else removal.token - entity.end + 1
    words = "the word" if distance == 1 else f"{distance} words"
    return f"“{visible(removal.text)}” ({words} {'before' if before else 'after'} it)"


def _found(entity: ExplainedEntity, removal: Removal) -> str:
    if not removal.found:
        return "nothing is found here"
    found = " and ".join(f"“{visible(text)}” as {label}" for text, label in removal.found)
    return f"{found} is found instead" if len(removal.found) == 1 else f"{found} are found instead"
