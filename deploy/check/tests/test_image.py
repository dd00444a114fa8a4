import unittest

from check.image import fetched


class Image(unittest.TestCase):
    def test_a_syntax_that_is_fetched_is_reported_with_its_line(self) -> None:
        for line in "# syntax=docker/dockerfile:1", "#Syntax = x", " #\tsyntax =x":
            [wrong] = fetched(f"# escape=\\\n{line}\nFROM x\n")
            self.assertTrue(wrong.startswith("deploy/Dockerfile: line 2 "), wrong)

    def test_other_words_about_syntax_are_left_alone(self) -> None:
        text = "# docker build --build-arg VERSION=1 .\n# no syntax is named\nARG syntax=1\n"
        self.assertEqual(list(fetched(text)), [])
