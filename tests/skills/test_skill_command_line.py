import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imbridge.skills import quote_argument, split_arguments


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", []),
        ("   \u3000 ", []),
        ('Beijing "New York"', ["Beijing", "New York"]),
        ("北京 “New York” 「上 海」", ["北京", "New York", "上 海"]),
        ("”错的引号” ‘单 引号’ 『书 名』", ["错的引号", "单 引号", "书 名"]),
        ('--city="New York" x', ["--city=New York", "x"]),
        ("'a b' c", ["a b", "c"]),
        ("I don't know", ["I", "don't", "know"]),
        ("I don’t know", ["I", "don’t", "know"]),
        ('""', [""]),
        (r"C:\new\dir", [r"C:\new\dir"]),
        (r'"C:\new dir\x"', [r"C:\new dir\x"]),
        (r'"say \"hi\" \\ "', [r'say "hi" \ ']),
        ('open "quote here', ["open", '"quote', "here"]),
        ("“没有 关", ["“没有", "关"]),
        ("全角　空格\n换行", ["全角", "空格", "换行"]),
    ],
)
def test_split(text, arguments):
    assert split_arguments(text) == arguments


@given(st.text())
@example("\\")
@example('"\\')
def test_it_never_raises_and_words_hold_what_was_typed(text):
    arguments = split_arguments(text)
    assert set("".join(arguments)) <= set(text)


@given(st.text(alphabet=st.sampled_from(list("\"'“”‘’「」『』\\ a\n")), max_size=30))
def test_quotes_of_all_kinds_never_raise(text):
    assert all(isinstance(argument, str) for argument in split_arguments(text))


@given(st.lists(st.text()))
@example(["", "\\", '"', "a b", "“", "don't"])
def test_quoted_arguments_come_back_whole(arguments):
    assert split_arguments(" ".join(quote_argument(argument) for argument in arguments)) == arguments
