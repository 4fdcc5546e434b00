"""Where links may lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.broadcasts.links import host_of, is_allowed, link_problem, links_of, without_links

HOSTS = {"example.org", "www.durham-rights.example.org"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("Come on Saturday at 6 p.m. to 100 E. Main St. Bring water.", None),
        ("More: https://example.org/saturday.", None),
        ("More (https://www.durham-rights.example.org/a?b=1)!", None),
        ("https://EXAMPLE.org", None),
        ("http://example.org", "link_not_listed"),
        ("example.org", "link_not_listed"),
        ("www.example.org", "link_not_listed"),
        ("https://sub.example.org", "link_not_listed"),
        ("https://example.org.evil.example", "link_not_listed"),
        ("https://example.org@evil.example/", "link_not_listed"),
        ("https://evil.example/https://example.org", "link_not_listed"),
        ("https://example.org:8443/", "link_not_listed"),
        ("https://example.org\\@evil.example", "link_not_listed"),
        ("https://ехample.org/", "link_not_listed"),  # the first two letters are Cyrillic
        ("//example.org https://example.org evil.example", "link_not_listed"),
        ("ftp://example.org/a", "link_not_listed"),
        ("https://[::1", "link_not_listed"),
        ("https://bit.ly/3xyz", "short_link"),
        ("HTTPS://Bit.LY/3xyz", "short_link"),
        ("bit.ly/3xyz", "short_link"),
        ("write to office@example.org", None),
    ],
)
def test_a_link_leads_to_a_listed_host_by_https_or_holds_the_draft(words: str, problem: str | None) -> None:
    assert link_problem(words, HOSTS) == problem


def test_a_shortener_can_not_be_listed() -> None:
    assert host_of("https://bit.ly/abc") is None
    assert not is_allowed("https://bit.ly/abc", {"bit.ly"})


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("Example.org", "example.org"), ("https://example.org/page", "example.org"), ("example.org/", "example.org"),
        ("example", None), ("exämple.org", None), ("https://a@example.org", None), ("example.org:80", None), ("-a.org", None),
        ("a" * 130 + ".org", None), ("", None),
    ],
)  # fmt: skip
def test_a_host_is_listed_by_its_plain_name(typed: str, host: str | None) -> None:
    assert host_of(typed) == host


def test_the_letters_of_an_allowed_link_are_nobodys_plate() -> None:
    assert "ABC1234" not in without_links("See https://example.org/ABC1234 now", HOSTS)
    assert "ABC1234" in without_links("See https://evil.example/ABC1234 now", HOSTS)


@given(st.text(max_size=300) | st.from_regex(r"[a-z.:/@-]{0,200}", fullmatch=True))
def test_whatever_is_written_is_judged_without_an_error(words: str) -> None:
    problem = link_problem(words, HOSTS)
    assert (problem is None) == all(is_allowed(link, HOSTS) for link in links_of(words))
