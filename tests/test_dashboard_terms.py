"""The Terms page: redlines as safe HTML."""

from dashboard.views.terms import redline_html


def test_a_redline_is_escaped_and_marked():
    shown = redline_html([("same", "<b>we</b>"), ("gone", "may"), ("new", "<script>never</script>")])
    assert shown == "&lt;b&gt;we&lt;/b&gt; <del>may</del> <ins>&lt;script&gt;never&lt;/script&gt;</ins>"


def test_long_stretches_that_stayed_are_shortened():
    assert len(redline_html([("same", "word " * 500)]).split()) == 49
