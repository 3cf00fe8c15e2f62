"""What tests find in a page of HTML."""

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Checks that tags are closed, and collects what is in the page."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.links, self.text = [], [], [], ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"}.intersection(self.open):
            self.text += data
