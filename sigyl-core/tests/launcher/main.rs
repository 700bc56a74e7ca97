//! Real processes under the local target. This binary is its own launcher, and its own fake servers.
//!
//! It has no harness, since a launcher must be the first thing in `main`; it takes a word to choose tests by.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, clippy::exit, reason = "a test")]

mod bench;
mod build;
mod confined;
mod fake;
mod http;
mod logs;
mod owner;
mod stdio;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use futures_util::FutureExt as _;

type Test = (&'static str, fn() -> Pin<Box<dyn Future<Output = ()>>>);

/// Names tests after their functions.
macro_rules! tests {
    ($($module:ident: $($name:ident)*;)*) => {
        &[$($((concat!(stringify!($module), "::", stringify!($name)), || Box::pin($module::$name()))),*),*]
    };
}

const TESTS: &[Test] = tests! {
    stdio: a_session_gets_the_process_of_the_release_and_the_next_one_another
        a_server_that_exits_at_once_is_told_with_its_last_words
        what_cannot_be_started_is_told
        letting_go_of_a_session_ends_its_process_and_what_it_detached
        one_that_ignores_term_is_killed
        a_retired_version_starts_no_more
        a_retired_server_sees_the_end_of_its_input_before_any_signal
        a_failing_server_is_started_less_and_less_often
        the_environment_holds_what_was_given_and_a_secret_is_nowhere_else;
    http: a_server_is_ready_when_its_port_is_open
        one_that_exits_is_started_again
        one_that_exits_at_once_is_told_with_its_last_words
        one_that_listens_elsewhere_is_told_both_ports
        one_that_never_listens_runs_into_its_limit
        a_taken_port_is_told
        one_that_is_open_to_the_network_is_told
        one_that_holds_too_much_memory_is_stopped_and_started_again;
    confined: files_of_the_operator_are_out_of_reach
        what_was_granted_can_be_touched
        a_granted_path_that_became_a_link_opens_nothing
        what_sigyl_inherited_does_not_reach_a_server
        the_network_is_closed_but_for_granted_ports
        foreign_processes_and_programs_are_out_of_reach
        a_server_is_known_as_confined;
    logs: a_flood_stays_bounded
        lines_are_followed_and_control_characters_spelled_out
        a_purge_leaves_nothing;
    build: a_python_file_runs_and_is_found_again_in_the_cache
        a_python_package_runs_by_its_function_and_knows_its_version
        a_build_script_sees_neither_network_nor_the_users_files
        a_node_server_is_made_by_its_build_command
        a_build_that_fails_is_told_with_its_last_words_and_not_kept
        what_cannot_be_built_is_told
        what_is_not_there_or_would_fetch_code_is_refused
        another_tree_than_the_admitted_one_is_refused
        an_abandoned_build_leaves_no_process_and_a_purge_no_build
        locked_wheels_are_installed_and_an_option_in_a_lock_never_reaches_pip
        a_link_that_a_build_command_leaves_is_not_followed
        a_program_that_a_build_command_links_to_is_not_started;
    owner: no_process_outlives_a_killed_owner
        leftovers_of_an_earlier_owner_are_ended
        a_killed_keeper_takes_its_family_with_it
        a_keeper_that_a_server_made_blind_frees_nobody;
};

fn main() {
    sigyl_core::launcher::run_if_asked();
    let mut args = std::env::args().skip(1);
    let chosen = match args.next() {
        Some(mode) if mode == fake::MODE => return fake::run(&args.collect::<Vec<_>>()),
        Some(mode) if mode == owner::MODE => return owner::run(&args.collect::<Vec<_>>()),
        // `cargo test -- --quiet` and the like.
        Some(word) if !word.starts_with('-') => word,
        _ => String::new(),
    };
    eprintln!("each process below is real; what this kernel cannot enforce is said");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in TESTS.iter().filter(|(name, _)| name.contains(&chosen)) {
        let start = std::time::Instant::now();
        let body = AssertUnwindSafe(async { tokio::time::timeout(Duration::from_secs(60), test()).await })
            .catch_unwind();
        if matches!(runtime.block_on(body), Ok(Ok(()))) {
            println!("test {name} ... ok ({:.1}s)", start.elapsed().as_secs_f64());
            passed += 1;
        } else {
            println!("test {name} ... FAILED");
            failed += 1;
        }
    }
    println!("\ntest result: {passed} passed, {failed} failed");
    runtime.shutdown_timeout(Duration::from_secs(5));
    std::process::exit(i32::from(failed > 0 || passed == 0));
}
