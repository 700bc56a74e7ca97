//! Runs every claim, each on a fresh store.

use crate::store::{Store, StoreError};

use super::{activate, delete, listing, publish};

/// Runs the whole suite; `open` makes a new, empty store each time.
pub async fn run<S: Store>(open: impl AsyncFn() -> S) {
    publish::a_version_is_a_fact(&open().await).await;
    publish::without_its_admission_nothing_is_recorded(&open().await).await;
    publish::a_refused_change_leaves_nothing(&open().await).await;
    publish::the_newest_version_of_a_source_is_found(&open().await).await;
    activate::tools_are_replaced_whole(&open().await).await;
    activate::only_recorded_bytes_serve(&open().await).await;
    activate::activations_are_kept_newest_first(&open().await).await;
    delete::a_deleted_server_leaves_a_tombstone_alone(&open().await).await;
    delete::a_deleted_version_never_returns_from_other_bytes(&open().await).await;
    delete::a_neighbour_with_a_longer_name_stays(&open().await).await;
    delete::deleting_twice_is_one_deletion(&open().await).await;
    delete::a_report_stays_while_something_names_it(&open().await).await;
    listing::servers_come_by_name(&open().await).await;
    listing::versions_come_newest_first(&open().await).await;
    listing::runs_come_newest_first_and_open_ones_oldest_first(&open().await).await;
    listing::events_are_numbered_in_order(&open().await).await;
    listing::calls_come_newest_first(&open().await).await;
    listing::secrets_come_by_name_and_go(&open().await).await;
    listing::every_change_is_journalled(&open().await).await;
    listing::large_records_come_back_whole(&open().await).await;
    listing::what_could_not_be_read_back_is_refused(&open().await).await;
    listing::changes_at_once_all_count(&open().await).await;
}

/// Takes what a store must be able to do.
pub(super) fn ok<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// Takes what a store must find.
pub(super) fn found<T>(result: Result<Option<T>, StoreError>) -> T {
    match ok(result) {
        Some(value) => value,
        None => panic!("not on record"),
    }
}
