//! One suite for all stores: what the ports of the runtime promise, whoever implements them.
//!
//! A store is plugged in with one line, [`conformance!`], and a function that opens an empty one. Which
//! database is behind it is not known here.

#![expect(clippy::unwrap_used, reason = "a case of the suite fails by panicking")]

pub mod archive;
pub mod atomic;
pub mod cases;
pub mod census;
pub mod events;
pub mod lists;
pub mod rows;
pub mod small;
pub mod turns;
pub mod work;

use futures::{FutureExt as _, StreamExt as _};
use yiwang_runtime::ports::{Archive, KeyValue, Query, Store, Tokens};

/// All that a store implements.
pub trait Ports: Store + Query + KeyValue + Tokens + Archive {}

impl<T: Store + Query + KeyValue + Tokens + Archive> Ports for T {}

/// Makes a test of each case for a store. `$open` is an async function that gives an empty store behind an
/// `Arc` and whatever must live as long as it, as a pair.
#[macro_export]
macro_rules! conformance {
    ($open:path) => {
        $crate::every_case! { each_case $open }
    };
}

/// Runs all cases in one test and gives the names of those that fail, for stores whose server takes longer to
/// start than a case does to run. `$open` is as that of [`conformance!`].
#[macro_export]
macro_rules! failing_cases {
    ($open:expr) => {
        $crate::every_case! { cases_in_one $open }
    };
}

/// The list, for the macro that makes something of it.
#[macro_export]
macro_rules! every_case {
    ($then:ident $open:expr) => {
        $crate::$then! { $open;
            turns::a_turn_is_read_back_as_it_was_written,
            turns::a_missing_instance_is_left_out,
            turns::a_revision_is_taken_once,
            turns::a_start_key_is_taken_once_per_workflow,
            turns::history_grows_in_order_and_is_read_in_parts,
            turns::timers_are_found_in_order_until_they_move,
            turns::instances_with_effects_under_way_are_found_page_by_page,
            turns::subscriptions_are_replaced_as_a_whole,
            turns::ids_and_deployments_and_schedules_are_remembered,
            turns::a_large_batch_is_one_batch,
            atomic::nothing_of_a_refused_batch_is_there,
            atomic::a_refused_batch_does_not_stand_in_the_way,
            atomic::writers_at_the_same_time_are_put_in_order,
            events::an_event_is_known_by_source_and_id,
            events::pending_events_are_routable_until_they_are_disposed_of,
            events::a_session_gathers_until_its_time_has_come,
            events::buffered_events_are_found_by_key_oldest_first,
            events::a_buffered_event_that_expires_becomes_routable,
            work::a_work_item_is_seen_by_those_it_is_offered_to,
            work::a_unit_role_stands_for_the_plain_role_but_not_the_other_way,
            work::an_assigned_item_is_seen_by_its_assignee_only_through_assignment,
            work::items_are_listed_by_due_time_page_by_page,
            work::filters_of_work_items_add_up,
            cases::a_case_is_found_by_its_number_and_changes_in_place,
            cases::a_case_number_belongs_to_one_instance,
            cases::the_last_number_is_that_of_the_last_day,
            cases::filters_of_cases_add_up,
            census::a_selection_finds_what_the_reference_admits,
            census::a_ranking_is_in_the_order_of_its_time,
            census::a_sweep_is_found_and_changes_in_place,
            census::a_target_has_one_line,
            census::a_schedule_remembers_who_stopped_it_and_what_it_ran,
            cases::cases_are_listed_by_due_time,
            cases::cases_are_found_by_words_numbers_and_phones,
            cases::a_case_that_changes_is_found_by_what_it_is_now,
            cases::cases_are_looked_up_for_the_loop,
            lists::instances_are_listed_newest_first,
            lists::a_cursor_is_stable_while_rows_come_and_go,
            lists::a_foreign_cursor_is_refused,
            lists::messages_change_in_place_and_keep_their_order,
            lists::a_report_is_joined_with_its_message_whenever_it_comes,
            lists::messages_are_found_by_all_that_a_filter_names,
            lists::rejections_and_inbox_are_listed_newest_first,
            lists::an_incident_is_open_once_and_closed_by_a_good_turn,
            lists::counters_count,
            archive::what_has_ended_is_listed_by_id,
            archive::an_archived_instance_is_gone_and_the_others_stay,
            small::values_expire_and_are_measured,
            small::a_value_is_set_only_if_absent,
            small::values_of_channels_do_not_meet,
            small::a_cursor_moves_with_its_events,
            small::reference_documents_are_numbered_and_keep_their_versions,
            small::tokens_are_found_by_hash_until_they_are_revoked,
        }
    };
}

/// See [`conformance!`].
#[macro_export]
macro_rules! each_case {
    ($open:expr; $($module:ident::$case:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, _kept) = $open().await;
            $crate::$module::$case(&*store).await;
        }
    )*};
}

/// See [`failing_cases!`].
#[macro_export]
macro_rules! cases_in_one {
    ($open:expr; $($module:ident::$case:ident),* $(,)?) => {
        $crate::run_all(vec![$((
            stringify!($module::$case),
            Box::pin(async {
                let (store, _kept) = $open().await;
                $crate::$module::$case(&*store).await;
            }),
        )),*])
    };
}

/// A case on its way.
pub type Running<'a> = futures::future::LocalBoxFuture<'a, ()>;

/// Runs these some at a time and gives the names of those that panicked.
pub async fn run_all<'a>(cases: Vec<(&'a str, Running<'a>)>) -> Vec<&'a str> {
    let running = cases.into_iter().map(|(name, case)| async move {
        std::panic::AssertUnwindSafe(case).catch_unwind().await.err().map(|_| name)
    });
    futures::stream::iter(running).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

/// Cases that run at the same time.
const AT_ONCE: usize = 6;
