"""A step runs again only when something it read has changed."""

from energy.memory import Memory


def test_inputs_are_compared_by_identity_and_factors_by_value():
    memory, runs = Memory(), []

    def step(table, f):
        runs.append(1)
        return [*table, f["a"]]

    one, other = [1], [1]
    assert memory("s", step, one, f={"a": 2.0, "b": 0.0}) == [1, 2.0]
    assert memory("s", step, one, f={"a": 2.0, "b": 9.0}) == [1, 2.0]
    assert len(runs) == 1
    assert memory("s", step, other, f={"a": 2.0, "b": 0.0}) == [1, 2.0]
    assert memory("s", step, one, f={"a": 3.0, "b": 0.0}) == [1, 3.0]
    assert len(runs) == 3


def test_what_is_given_again_does_not_disturb_the_first_result():
    memory = Memory()
    first = memory("s", lambda f: f["a"] * 2, f={"a": 1.0})
    memory("s", lambda f: f["a"] * 2, f={"a": 5.0})
    assert memory("s", lambda f: f["a"] * 2, f={"a": 1.0}) == first == 2.0
