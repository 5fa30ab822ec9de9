"""The commands of journeys and of assignment, as a user types them."""

import json

import pandas as pd
import pytest

# Braess's paradox: the bridge between the two middle nodes makes everyone slower (Braess 1968)
LINKS = {
    (1, 3): (0.00000001, 1000000000),  # free-flow time, b: time = 10 x
    (1, 4): (50, 0.02),  # 50 + x
    (3, 2): (50, 0.02),
    (3, 4): (10, 0.1),  # the bridge: 10 + x
    (4, 2): (0.00000001, 1000000000),
}
TRIPS = "<NUMBER OF ZONES> 2\n<TOTAL OD FLOW> 6\n<END OF METADATA>\nOrigin 1\n2 : 6.0;\n"


def network(folder, *, bridge):
    links = {ends: v for ends, v in LINKS.items() if bridge or ends != (3, 4)}
    rows = "".join(f"{a}\t{b}\t1\t0\t{t}\t{k}\t1\t0\t0\t1\t;\n" for (a, b), (t, k) in links.items())
    head = f"<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 4\n<FIRST THRU NODE> 1\n<NUMBER OF LINKS> {len(links)}\n<END OF METADATA>\n"
    path, trips = folder / "net.tntp", folder / "trips.tntp"
    path.write_text(head + rows, encoding="utf-8")
    trips.write_text(TRIPS, encoding="utf-8")
    return path, trips


@pytest.mark.parametrize(("bridge", "cost"), [(True, 92.0), (False, 83.0)])
def test_a_bridge_can_make_everyone_slower(twin, tmp_path, bridge, cost):
    code, said, told = twin(
        "mobility", "assign", *network(tmp_path, bridge=bridge), "--gap", "1e-10", "--out", tmp_path / "out", "--json"
    )
    assert code == 0, told
    found = json.loads(said)
    assert found["converged"]
    assert found["mean_cost"] == pytest.approx(cost, rel=1e-6)
    flows = pd.read_csv(tmp_path / "out/flows.csv")
    on = flows.set_index(["from_node", "to_node"])["flow"]
    if bridge:
        assert on.loc[3, 4] == pytest.approx(2, abs=1e-4)  # two vehicles on each of the three ways
    else:
        assert on.to_numpy() == pytest.approx([3.0] * 4, abs=1e-4)


def test_a_distance_may_cost(twin, tmp_path):
    net, trips = network(tmp_path, bridge=True)
    net.write_text(net.read_text().replace("3\t4\t1\t0\t", "3\t4\t1\t9\t"), encoding="utf-8")
    code, said, told = twin("mobility", "assign", net, trips, "--distance-factor", "100", "--gap", "1e-10", "--json")
    assert code == 0, told
    assert json.loads(said)["mean_cost"] == pytest.approx(83, rel=1e-6)  # nobody takes a bridge that costs 900


def test_a_file_that_is_cut_off_is_told(twin, tmp_path):
    net, trips = network(tmp_path, bridge=True)
    net.write_text("".join(net.read_text().splitlines(keepends=True)[:-1]), encoding="utf-8")
    code, _, told = twin("mobility", "assign", net, trips)
    assert code == 2
    assert "4 links" in " ".join(told.split())
    code, _, told = twin("mobility", "assign", net, trips, "--gap", "0")
    assert code == 2


def test_too_few_iterations_are_told(twin, tmp_path):
    code, _, told = twin("mobility", "assign", *network(tmp_path, bridge=True), "--gap", "1e-12", "--iterations", "1")
    assert code == 0
    assert "was not reached" in " ".join(told.split())


def test_a_charge_on_the_sample(twin, root, tmp_path):
    words = ["mobility", "journeys", root / "sample_data", "--charge", "9", "--out", tmp_path, "--json"]
    code, said, told = twin(*words)
    assert code == 0, told
    found = json.loads(said)
    assert -0.10 < found["car_trips_change"] < -0.03
    assert 0 < found["explained_share"] < 1
    assert found["zones_cut_off"] == 0
    assert len(found["counters"]) == 25
    assert any("through traffic" in n for n in found["notes"])
    assert len(pd.read_csv(tmp_path / "zones.csv")) == 25
    assert len(pd.read_csv(tmp_path / "roads.csv")) > 500
    assert json.loads((tmp_path / "figures.json").read_text())["car_trips_change"] == found["car_trips_change"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--charge", "-3"], "charge_sek = -3"),
        (["--charge", "9", "--charge-area", "p99"], "no area 'p99'"),
    ],
)
def test_wrong_wishes_are_told(twin, root, words, told):
    code, _, wrong = twin("mobility", "journeys", root / "sample_data", *words)
    assert code == 2
    assert told in " ".join(wrong.split())
