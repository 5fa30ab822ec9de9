"""How tests ask the command: what it says, or how it refuses."""


def said(twin, *words):
    code, out, told = twin(*words)
    assert code == 0, told
    return out


def refused(twin, *words):
    code, _, told = twin(*words)
    assert code == 2, told
    assert "Traceback" not in told
    return told
