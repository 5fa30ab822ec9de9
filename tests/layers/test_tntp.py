"""The TNTP format: its traps, and every way in which a file may be wrong."""

import numpy as np
import pytest

from energy.mobility.assignment.equilibrium import equilibrium
from energy.mobility.assignment.network import Network
from layers.tntp import read_network, read_tntp, read_trips
from twin import SchemaError

NET = """\
<NUMBER OF ZONES> 2\t\t
<NUMBER OF NODES> 3
<FIRST THRU NODE> 3   ~ zones are closed
<NUMBER OF LINKS> 4
<ORIGINAL HEADER>~ \tInit node \tTerm node ;
<END OF METADATA>


~ \tinit_node\tterm_node\tcapacity\tlength\tfree_flow_time\tb\tpower\tspeed\ttoll\tlink_type\t;
\t1\t3\t0\t1.5\t0\t0\t0\t0\t0\t3\t;
\t3\t2\t900.5\t2\t6E-1\t0.15\t4\t50\t7\t1;
~\t3\t1\t1\t1\t1\t1\t1\t1\t1\t1\t;
2 3 1 1 1 0.15 4 ; 3 1 1 1 1 0 4 30 0 1 ~ shorter rows, and two on a line
"""
TRIPS = """\
<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 17.5
<END OF METADATA>

~ nothing yet
Origin \t1
    1 :      0.5;     2 :    1.2E1;
origin 2   1 : 5; ~ all on one line
"""


@pytest.fixture
def files(tmp_path):
    """Write a network and its trips; return their paths."""

    def write(net=NET, trips=TRIPS):
        paths = tmp_path / "a_net.tntp", tmp_path / "a_trips.tntp"
        for path, text in zip(paths, (net, trips), strict=True):
            path.write_text(text, encoding="utf-8")
        return paths

    return write


def problems(read, *paths):
    with pytest.raises(SchemaError) as error:
        read(*paths)
    return [str(p) for p in error.value.problems]


def test_a_file_with_all_its_traps_is_read(files):
    net, trips = read_tntp(*files())
    assert (net.zones, net.nodes, net.first_thru_node) == (2, 3, 3)
    assert net.links[["from_node", "to_node"]].to_numpy().tolist() == [[1, 3], [3, 2], [2, 3], [3, 1]]
    assert net.links["capacity"].tolist() == [0, 900.5, 1, 1]
    assert net.links["free_flow_time"].tolist() == [0, 0.6, 1, 1]
    assert net.links["toll"].isna().tolist() == [False, False, True, False]
    assert net.links["line"].tolist() == [10, 11, 13, 13]
    assert net.metadata["FIRST THRU NODE"] == "3"
    assert trips.tolist() == [[0.5, 12], [5, 0]]


def test_what_is_read_can_be_assigned(files):
    net, trips = read_tntp(*files())
    network = Network.of(**net.arguments(distance_factor=0.1))
    assert network.fixed_cost_h == pytest.approx([0.15, 0.2, 0.1, 0.1])
    found = equilibrium(network, trips)
    assert found.flow_vph.tolist() == [12, 12, 5, 5]
    assert found.within_zones_vph == 0.5
    full = read_network(files(NET.replace("0.15 4 ;", "0.15 4 0 0 1;"))[0])
    assert full.arguments(toll_factor=0.5)["fixed_cost_h"].tolist() == [0, 3.5, 0, 0]


def test_sioux_falls_and_braess_are_read(shared):
    folder = shared / "mobility" / "tntp"
    if not folder.is_dir():
        pytest.skip("no TNTP files in the folder of real data")
    net, trips = read_tntp(
        folder / "SiouxFalls" / "SiouxFalls_net.tntp", folder / "SiouxFalls" / "SiouxFalls_trips.tntp"
    )
    assert (net.zones, net.nodes, len(net.links), trips.sum()) == (24, 24, 76, 360_600)
    folder /= "Braess-Example"
    net, trips = read_tntp(folder / "Braess_net.tntp", folder / "Braess_trips.tntp")
    assert (net.zones, net.nodes, len(net.links)) == (2, 4, 5)
    assert trips.tolist() == [[0, 6], [0, 0]]


def test_everything_wrong_in_a_network_is_told_with_its_line(files):
    net = NET.replace("\t1\t3\t0\t1.5", "\t7\t3\t-4\t1.5").replace("900.5\t2\t6E-1", "nan\t2\t-1")
    net = net.replace("2 3 1 1 1 0.15 4 ;", "2 3 1 ; a b c d e f g ;").replace("LINKS> 4", "LINKS> 9")
    assert problems(read_network, files(net)[0]) == [
        "a_net.tntp: a link needs 7 numbers or more, from its first node to the power (2 rows, first: line 13)",
        "a_net.tntp: has 5 links and <NUMBER OF LINKS> says 9; the file may be cut off",
        "a_net.tntp.from_node: not one of the 3 nodes, which are counted from 1 (1 row, first: line 10)",
        "a_net.tntp.capacity: must be a finite number from 0 up (2 rows, first: line 10)",
        "a_net.tntp.free_flow_time: must be a finite number from 0 up (1 row, first: line 11)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<END OF METADATA>", "", "has no <END OF METADATA>"),
        ("<FIRST THRU NODE> 3", "", "has no <FIRST THRU NODE>"),
        ("NODES> 3", "NODES> many", "<NUMBER OF NODES> is no number: 'many'"),
        ("NODES> 3", "NODES> 2.5", "must be a whole number from 1 up; it is 2.5"),
        ("ZONES> 2", "ZONES> 4", "<NUMBER OF ZONES> is 4, more than the 3 nodes"),
        ("THRU NODE> 3", "THRU NODE> 9", "<FIRST THRU NODE> is 9, and there are 3 nodes"),
    ],
)
def test_bad_metadata_is_told(files, old, new, told):
    assert any(told in line for line in problems(read_network, files(NET.replace(old, new))[0]))


def test_everything_wrong_in_the_trips_is_told_with_its_line(files):
    trips = TRIPS.replace("Origin \t1\n", "3 : 1;\nOrigin 1\n 9 : 1; 2 = 4;\n 2 : -1; 1 : nan;\n")
    trips += "1 : 4;\nOrigin 5\n1 : 2;\n"
    assert problems(read_trips, files(trips=trips)[1]) == [
        "a_trips.tntp: trips before the first Origin (1 row, first: line 6)",
        "a_trips.tntp: destination: not one of the 2 zones, which are counted from 1 (1 row, first: line 8)",
        "a_trips.tntp: an entry must read: destination : trips ; (1 row, first: line 8)",
        "a_trips.tntp: trips must be a finite number from 0 up (2 rows, first: line 9)",
        "a_trips.tntp: a pair of zones is there twice; add its trips up or take one away (1 row, first: line 12)",
        "a_trips.tntp: Origin: not one of the 2 zones, which are counted from 1 (1 row, first: line 13)",
    ]


def test_files_that_do_not_fit_or_are_not_there_are_told(files, tmp_path):
    told = problems(read_tntp, *files(trips=TRIPS.replace("ZONES> 2", "ZONES> 3")))
    assert told == ["a_trips.tntp: has 3 zones and the network 2; they must be the same"]
    told = problems(read_tntp, tmp_path / "x_net.tntp", tmp_path / "x_trips.tntp")
    assert [line.split(":")[0] for line in told] == ["x_net.tntp", "x_trips.tntp"]
    assert "there is no such file" in told[1]


def test_pairs_that_are_not_named_have_no_trips(files):
    trips = read_trips(files(trips=TRIPS.replace("    1 :      0.5;     2 :    1.2E1;\n", ""))[1])
    assert np.array_equal(trips, [[0, 0], [5, 0]])
