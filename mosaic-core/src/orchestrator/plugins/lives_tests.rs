//! Whatever happens to a slot and its instances, in whatever order, what holds of them holds.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Happening {
    Begin,
    BeginAgain(u64),
    Step(u64, LifecycleEvent),
    Fill(u64),
    Abandon(u64, bool, bool),
    Fail(bool),
    GiveUp,
    Remove,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let generation = 1..6u64;
    let event = prop::sample::select(LifecycleEvent::ALL.to_vec());
    // The way up is made likely, or few runs would get anywhere.
    let up = prop::sample::select(vec![
        LifecycleEvent::Validated,
        LifecycleEvent::Loaded,
        LifecycleEvent::Initialized,
        LifecycleEvent::Started,
        LifecycleEvent::HealthPassed,
    ]);
    let one = prop_oneof![
        2 => Just(Happening::Begin),
        1 => generation.clone().prop_map(Happening::BeginAgain),
        3 => (generation.clone(), event).prop_map(|(generation, event)| Happening::Step(generation, event)),
        12 => (generation.clone(), up).prop_map(|(generation, event)| Happening::Step(generation, event)),
        4 => generation.clone().prop_map(Happening::Fill),
        1 => (generation, any::<bool>(), any::<bool>()).prop_map(|(g, again, up)| Happening::Abandon(g, again, up)),
        1 => any::<bool>().prop_map(Happening::Fail),
        1 => Just(Happening::GiveUp),
        1 => Just(Happening::Remove),
    ];
    prop::collection::vec(one, 0..200)
}

fn happen(lives: &mut Lives, happening: Happening) -> Steps {
    match happening {
        Happening::Begin => lives.begin().map(|(_, steps)| steps),
        Happening::BeginAgain(generation) => lives.begin_again(generation),
        Happening::Step(generation, event) => lives.step(generation, event),
        Happening::Fill(generation) => lives.fill(generation),
        Happening::Abandon(generation, again, give_up) => lives.abandon(generation, again, give_up),
        Happening::Fail(give_up) => lives.fail(give_up),
        Happening::GiveUp => lives.give_up(),
        Happening::Remove => lives.remove(),
    }
}

fn fresh() -> Lives {
    Lives::default()
}

/// Up to the state in which it answers.
fn running() -> Lives {
    let mut lives = fresh();
    let (generation, _) = lives.begin().unwrap();
    bring_up(&mut lives, generation);
    lives.fill(generation).unwrap();
    lives
}

fn bring_up(lives: &mut Lives, generation: u64) {
    use LifecycleEvent as E;
    for event in [E::Validated, E::Loaded, E::Initialized, E::Started, E::HealthPassed] {
        lives.step(generation, event).unwrap();
    }
}

proptest! {
    #[test]
    fn what_holds_holds_always(begun in any::<bool>(), happenings in happenings()) {
        let mut lives = if begun { running() } else { fresh() };
        let mut disposed = std::collections::BTreeSet::new();
        for happening in happenings {
            let before = lives.clone();
            match happen(&mut lives, happening) {
                // What is refused changes nothing.
                Err(_) => {
                    prop_assert_eq!(lives.slot, before.slot);
                    prop_assert_eq!(&lives.alive, &before.alive);
                    let rest = |lives: &Lives| (lives.answering, lives.coming, lives.last);
                    prop_assert_eq!(rest(&lives), rest(&before));
                }
                Ok(steps) => for step in steps {
                    prop_assert_eq!(step.from.next(step.event), Ok(step.to), "every step is one of the machine");
                    prop_assert!(!disposed.contains(&step.generation), "nothing happens to who is disposed");
                    if step.to == Lifecycle::Disposed {
                        disposed.insert(step.generation);
                    }
                },
            }
            // A slot answers if, and only if, an instance does that is in a state to.
            prop_assert_eq!(lives.slot.answers(), lives.answering.is_some(), "{:?}", &lives);
            if let Some(generation) = lives.answering {
                prop_assert!(lives.state(generation).answers(), "{:?}", &lives);
                let updating = lives.state(generation) == Lifecycle::Updating;
                prop_assert_eq!(updating, lives.slot == SlotState::Updating);
            }
            // One is on its way if, and only if, the slot says so.
            let coming = matches!(lives.slot, SlotState::Starting | SlotState::Updating);
            prop_assert_eq!(coming, lives.coming.is_some());
            // Where the old one answered, and was neither failed nor removed, somebody answers still.
            if before.slot.answers() && !matches!(happening, Happening::Fail(_) | Happening::Remove) {
                prop_assert!(lives.slot.answers(), "{:?} after {:?}", &lives, happening);
            }
        }
    }
}

#[test]
fn a_reload_step_by_step() {
    let mut lives = running();
    let (new, steps) = lives.begin().unwrap();
    assert_eq!((new, steps[0].to, steps[0].slot), (2, Lifecycle::Updating, SlotState::Updating));
    bring_up(&mut lives, new);
    let steps = lives.fill(new).unwrap();
    let told: Vec<_> = steps.iter().map(|step| (step.generation, step.to, step.slot)).collect();
    let slot = SlotState::Running;
    assert_eq!(told, [(1, Lifecycle::Running, slot), (1, Lifecycle::Stopping, slot)]);
}

#[test]
fn a_failed_update_fails_the_new_one_and_the_old_one_stays() {
    let mut lives = running();
    let (new, _) = lives.begin().unwrap();
    lives.abandon(new, false, false).unwrap();
    assert_eq!(
        (lives.slot(), lives.state(1), lives.state(2)),
        (SlotState::Running, Lifecycle::Running, Lifecycle::Stopping)
    );
}

#[test]
fn a_failed_instance_recovers_or_is_given_up() {
    let mut lives = running();
    lives.fail(false).unwrap();
    lives.begin_again(1).unwrap();
    lives.abandon(1, true, false).unwrap();
    assert_eq!((lives.slot(), lives.state(1)), (SlotState::Failed, Lifecycle::Failed));
    lives.begin_again(1).unwrap();
    lives.step(1, LifecycleEvent::Recovered).unwrap();
    lives.fill(1).unwrap();
    assert_eq!((lives.slot(), lives.state(1)), (SlotState::Running, Lifecycle::Running));
    lives.fail(true).unwrap();
    assert_eq!((lives.slot(), lives.state(1)), (SlotState::Empty, Lifecycle::Stopping));
}

#[test]
fn nobody_is_tried_again_while_another_answers() {
    let mut lives = running();
    let (new, _) = lives.begin().unwrap();
    lives.abandon(new, true, false).unwrap();
    assert_eq!(lives.state(new), Lifecycle::Stopping);
    assert!(lives.begin_again(new).is_err());
    assert_eq!((lives.slot(), lives.state(1)), (SlotState::Running, Lifecycle::Running));
}
