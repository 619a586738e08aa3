"""Labels of a printed map: none hides another, a point or the edge, and the first ones win."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.outputs.pictures.labels import Label, place_labels

WIDTH, HEIGHT, POINT = 200.0, 150.0, 3.0


def overlap(one, other):
    """Whether two boxes share more than a hair."""
    return (
        min(one.x + one.width, other.x + other.width) - max(one.x, other.x) > 0.05
        and min(one.y + one.height, other.y + other.height) - max(one.y, other.y) > 0.05
    )


def hides(box, point):
    x, y = point
    return box.x < x < box.x + box.width and box.y < y < box.y + box.height


PLACES = st.lists(
    st.tuples(st.floats(5, WIDTH - 5), st.floats(5, HEIGHT - 5)), min_size=1, max_size=14, unique=True
)


@settings(max_examples=25, deadline=None)
@given(PLACES)
def test_no_label_hides_another_or_a_point_or_leaves_the_map(places):
    labels = [Label(x, y, f"站{n}", 12.0) for n, (x, y) in enumerate(places)]
    boxes = [box for box in place_labels(labels, places, WIDTH, HEIGHT, POINT) if box is not None]
    assert not [pair for pair in itertools.combinations(boxes, 2) if overlap(*pair)]
    assert not [(box, point) for box in boxes for point in places if hides(box, point)]
    for box in boxes:
        assert box.x >= -0.05
        assert box.y >= -0.05
        assert box.x + box.width <= WIDTH + 0.05
        assert box.y + box.height <= HEIGHT + 0.05


def test_a_lone_label_stands_beside_its_point():
    (box,) = place_labels([Label(100.0, 75.0, "韶", 12.0)], [(100.0, 75.0)], WIDTH, HEIGHT, POINT)
    assert abs(box.x + box.width / 2 - 100.0) < 15
    assert abs(box.y + box.height / 2 - 75.0) < 15


def test_where_there_is_room_for_one_the_first_has_it():
    crowd = [Label(20.0, 15.0, f"很长的名字{n}", 20.0) for n in range(9)]
    boxes = place_labels(crowd, [(20.0, 15.0)], 80.0, 30.0, POINT, farthest=0.3)
    assert boxes[0] is not None
    assert None in boxes


def test_labels_that_stand_already_are_left_in_peace():
    points = [(60.0, 60.0), (66.0, 60.0)]
    (first,) = place_labels([Label(60.0, 60.0, "先到的名字", 14.0)], points, WIDTH, HEIGHT, POINT)
    (later,) = place_labels([Label(66.0, 60.0, "后来", 14.0)], points, WIDTH, HEIGHT, POINT, [first])
    assert not overlap(first, later)


def test_nothing_to_label_is_no_label():
    assert place_labels([], [], WIDTH, HEIGHT, POINT) == []


@pytest.mark.parametrize("text", ["$a_1^2$", "\\frac", "%d"])
def test_a_name_is_no_formula(text):
    (box,) = place_labels([Label(50.0, 50.0, text, 12.0)], [(50.0, 50.0)], WIDTH, HEIGHT, POINT)
    assert box.width > 2
