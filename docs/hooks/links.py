"""Links that lead out of this folder go to the repository, and the README is the home page."""

import os
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\]\(([^)\s:#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", flags=re.DOTALL | re.MULTILINE)
_HOME = "index.md"


def on_page_markdown(markdown: str, *, page: Any, config: Any, **settings: Any) -> str:
    """Called by mkdocs with each page."""
    docs = Path(config.docs_dir)
    here = docs / page.file.src_uri
    if page.file.src_uri == _HOME:
        here = docs.parent / "README.md"
        markdown = here.read_text("utf8")

    def replace(found: re.Match[str]) -> str:
        return f"]({_target(found[1], here, docs, config.repo_url)}{found[2] or ''})"

    pieces = _FENCE.split(markdown)
    pieces[::2] = [_LINK.sub(replace, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _target(link: str, here: Path, docs: Path, repo_url: str) -> str:
    path = Path(os.path.normpath(here.parent / link))
    if path.is_relative_to(docs) and path.exists():
        base = docs if here.parent == docs.parent else here.parent
        return Path(os.path.relpath(path, base)).as_posix()
    root = docs.parent
    if not path.exists():
        path = root / link  # spacy project document writes links from there
    if path.is_relative_to(root) and path.exists():
        kind = "tree" if path.is_dir() else "blob"
        return f"{repo_url.rstrip('/')}/{kind}/main/{path.relative_to(root).as_posix()}"
    return link  # mkdocs tells of it
