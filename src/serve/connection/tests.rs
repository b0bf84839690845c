//! Deadlines, with a clock that the test sets.

use super::*;

/// The server after so many seconds.
fn later(clock: &CoarseClock, seconds: u64) {
    clock.set(clock.now() + Duration::from_secs(seconds));
}

fn connection() -> (CoarseClock, Rc<ConnectionProgress>) {
    let clock = CoarseClock::new();
    let progress = ConnectionProgress::new(&clock, &Arc::default());
    (clock, progress)
}

const TIMEOUTS: fn() -> Timeouts = Timeouts::default;

#[test]
fn a_handshake_and_a_first_request_have_deadlines_however_many_bytes_arrive() {
    let (clock, progress) = connection();
    for _ in 0..10 {
        assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
        progress.received();
        later(&clock, 1);
    }
    later(&clock, 1);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Abort);
    let (clock, progress) = connection();
    progress.secured();
    for _ in 0..16 {
        assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
        progress.received();
        progress.stalls(false);
        later(&clock, 1);
    }
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Abort);
}

#[test]
fn frames_that_are_no_request_do_not_keep_a_connection_open() {
    let (clock, progress) = connection();
    progress.secured();
    drop(progress.begin(true));
    for _ in 0..61 {
        assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
        progress.received();
        progress.stalls(false);
        later(&clock, 1);
    }
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Abort);
}

#[test]
fn a_head_of_http_1_that_is_not_complete_has_a_deadline_of_its_own() {
    let (clock, progress) = connection();
    progress.secured();
    drop(progress.begin(false));
    later(&clock, 30);
    progress.received();
    later(&clock, 15);
    progress.received();
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
    later(&clock, 1);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Abort);
}

#[test]
fn an_answer_of_http_2_is_in_flight_until_its_last_byte_is_dropped() {
    let (clock, progress) = connection();
    progress.secured();
    let total = Arc::clone(&progress.total);
    let request = progress.begin(true);
    let bytes = request.hold(Bytes::from_static(b"answer"));
    drop(request);
    assert_eq!((progress.held(), total.bytes()), (6, 6));
    later(&clock, 60);
    // Other requests are no progress of this one.
    drop(progress.begin(true));
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
    later(&clock, 1);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Abort);
    drop(bytes);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
    later(&clock, 60);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
    later(&clock, 1);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Abort);
}

#[test]
fn bodies_that_are_not_complete_are_few_and_counted() {
    let (_, progress) = connection();
    let total = Arc::clone(&progress.total);
    let request = progress.begin(true);
    let mut bodies: Vec<_> = std::iter::from_fn(|| request.body()).collect();
    assert_eq!(bodies.len(), MAX_BODIES);
    bodies[0].add(100);
    bodies[1].add(10);
    assert_eq!((progress.held(), total.bytes()), (110, 110));
    drop(bodies);
    assert!(request.body().is_some());
    drop(request);
    assert_eq!((progress.held(), total.bytes()), (0, 0));
}

#[test]
fn a_connection_retires_after_many_requests_or_long_use() {
    let (clock, progress) = connection();
    progress.secured();
    (0..MAX_REQUESTS - 1).for_each(|_| drop(progress.begin(false)));
    assert!(!progress.is_retired());
    drop(progress.begin(false));
    assert!(progress.is_retired());
    let (clock, progress) = (clock, ConnectionProgress::new(&CoarseClock::new(), &Arc::default()));
    let _ = clock;
    progress.secured();
    for _ in 0..72 {
        assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::No);
        later(&progress.clock, 50);
        drop(progress.begin(false));
    }
    later(&progress.clock, 1);
    assert_eq!(progress.overdue(&TIMEOUTS()), Overdue::Retire);
}
