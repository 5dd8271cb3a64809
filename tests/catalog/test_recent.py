from catalog.recent import Recent


def test_what_is_made_of_equal_values_is_made_once_and_the_oldest_gives_way():
    recent, made = Recent[str](2), list[str]()

    def told(key):
        def make():
            made.append(key)
            return key.upper()

        return recent.of(key, make)

    assert [told(key) for key in ("a", "b", "a", "c", "b", "a")] == ["A", "B", "A", "C", "B", "A"]
    assert made == ["a", "b", "c", "a"]
