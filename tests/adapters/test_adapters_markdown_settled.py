"""How much of a growing Markdown is read as it will be in the end."""

from hypothesis import example, given
from hypothesis import strategies as st

from imbridge.adapters.markdown_dialect import ALL, settled, without

_PIECES = (
    "a", "b", " ", "\n", "_", "__", "*", "**", "***", "~~", "`", "```", "[", "]", "(", ")", "](u)", "!", "|", "\\", "#",
    "# ", "> ", "- ", "* ", "+ ", "1. ", "|--|--|\n", "---", "x | y\n", "https://a.b/_c_", "```py\n", "\n```\n",
)  # fmt: skip
texts = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)
missing = st.sets(st.sampled_from(sorted(ALL - {"code block"})))


@given(texts, missing)
@example("a | b\n|--|--|\n1 | 2\nend", {"table"})
@example("_a_b", set())
@example("`a_b_ `` _c_", set())
def test_what_is_settled_stands_at_the_beginning_of_all_that_follows(text: str, missing: set[str]) -> None:
    whole = without(text, missing, growing=True)[0]
    for end in range(len(text) + 1):
        known = settled(text[:end], missing)
        assert known <= end
        assert whole.startswith(without(text[:known], missing, growing=True)[0]), text[:end]


def test_hardly_anything_of_prose_waits() -> None:
    text = "Once upon a **time** there was `code_of_old`, and it's 3 * 4 = 12.\n- see https://example.com/a_b\n"
    assert all(settled(text[:end], {"table"}) >= end - len("`code_of_old`") for end in range(len(text)))


def test_a_table_waits_until_it_is_there() -> None:
    text = "see:\na | b\n|---|---|\n1 | 2\n"
    assert settled(text, {"table"}) == len("see:\n")
    assert settled(f"{text}then\n", {"table"}) == len(text) + 5
