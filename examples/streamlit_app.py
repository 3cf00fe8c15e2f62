"""Show the entities of a text. Run it with `streamlit run examples/streamlit_app.py MODEL`."""

import sys

import spacy_streamlit
import streamlit

TEXT = "Going to see Chelsea tonight with Anna in London."

nlp = spacy_streamlit.load_model(sys.argv[1])
streamlit.title("Entities")
doc = nlp(streamlit.text_area("Text", TEXT))
if doc.ents:
    labels = nlp.get_pipe("ner").labels
    spacy_streamlit.visualize_ner(doc, labels=labels, title=None, show_table=False)
    streamlit.dataframe(
        [
            {"entity": ent.text, "label": ent.label_, "probability": ent._.ner_score}
            for ent in doc.ents
        ]
    )
else:
    streamlit.info("There are no entities in this text.")
