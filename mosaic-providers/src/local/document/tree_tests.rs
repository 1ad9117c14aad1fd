//! Tests of the hierarchy: whatever the order says, every document has one place.

use super::*;
use proptest::prelude::*;

fn ids(count: usize) -> HashMap<String, usize> {
    (0..count).map(|at| (at.to_string(), at)).collect()
}

fn place(id: usize, parent: Option<usize>) -> Place {
    Place { id: id.to_string(), parent: parent.map(|at| at.to_string()) }
}

fn shown(tree: &Tree) -> Vec<(usize, Option<usize>)> {
    tree.reading().iter().map(|(at, _)| (*at, tree.parent(*at))).collect()
}

#[test]
fn the_order_says_where_documents_stand() {
    let order = [place(2, None), place(1, Some(2)), place(0, Some(1)), place(3, Some(2))];
    let tree = Tree::of(&ids(5), &order);
    assert_eq!(shown(&tree), [(2, None), (1, Some(2)), (0, Some(1)), (3, Some(2)), (4, None)]);
    assert_eq!(tree.reading().iter().map(|(_, position)| *position).collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
}

#[test]
fn missing_documents_and_circles_lose_nobody() {
    let order = [
        place(9, None),
        place(8, Some(9)),
        place(0, Some(8)),
        place(1, Some(2)),
        place(2, Some(1)),
        place(1, None),
    ];
    let tree = Tree::of(&ids(3), &order);
    assert_eq!(shown(&tree), [(0, None), (1, None), (2, Some(1))]);
    let circle = [place(0, Some(8)), place(8, Some(9)), place(9, Some(8))];
    assert_eq!(shown(&Tree::of(&ids(1), &circle)), [(0, None)]);
}

#[test]
fn placements_say_where_documents_stand_in_the_end() {
    let (ids, at) = (ids(4), |id: usize, position| Placement::new(id.to_string(), position));
    let tree = Tree::of(&ids, &[]);
    let swapped = tree.organized(&ids, &[at(0, 2), at(1, 1).below("3"), at(2, 0).below("3")]).unwrap();
    assert_eq!(shown(&swapped), [(3, None), (2, Some(3)), (1, Some(3)), (0, None)]);
    // A child and the one above it change places in one step.
    let nested = tree.organized(&ids, &[at(1, 0).below("0")]).unwrap();
    let turned = nested.organized(&ids, &[at(1, 0), at(0, 0).below("1")]).unwrap();
    assert_eq!(shown(&turned), [(1, None), (0, Some(1)), (2, None), (3, None)]);
    for bad in [vec![at(0, 0).below("0")], vec![at(0, 0).below("1")], vec![at(2, 0), at(2, 1)]] {
        let error = nested.organized(&ids, &bad).unwrap_err();
        assert_eq!(error.kind(), mosaic_core::error::ErrorKind::Invalid, "{error}");
    }
}

proptest! {
    #[test]
    fn any_order_gives_every_document_one_place(order in proptest::collection::vec((0usize..12, proptest::option::of(0usize..12)), 0..20)) {
        let order: Vec<Place> = order.into_iter().map(|(id, parent)| place(id, parent)).collect();
        let tree = Tree::of(&ids(8), &order);
        let mut all: Vec<usize> = tree.reading().iter().map(|(at, _)| *at).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn organizing_twice_is_organizing_once(
        order in proptest::collection::vec((0usize..8, proptest::option::of(0usize..8)), 0..10),
        moves in proptest::collection::btree_map(0usize..8, (0u64..9, proptest::option::of(0usize..8)), 0..6),
    ) {
        let (ids, order): (_, Vec<Place>) = (ids(8), order.into_iter().map(|(id, parent)| place(id, parent)).collect());
        let moves: Vec<Placement> = moves.into_iter().map(|(id, (position, parent))| {
            let at = Placement::new(id.to_string(), position);
            match parent { Some(parent) => at.below(parent.to_string()), None => at }
        }).collect();
        if let Ok(once) = Tree::of(&ids, &order).organized(&ids, &moves) {
            prop_assert_eq!(&once.organized(&ids, &moves).unwrap(), &once);
            prop_assert_eq!(once.reading().len(), 8);
        }
    }
}
