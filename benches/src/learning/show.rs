//! How weights do on a file of labelled rows.

use std::path::Path;

use color_eyre::eyre::Result;

use super::Weights;
use super::read::rows;

/// Scores from which on something would be found.
const CUTS: [f32; 7] = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0];

/// Prints how much of a file would be found, by score.
pub fn tell(weights: &Weights, file: &Path) -> Result<()> {
    let mut scores = [Vec::new(), Vec::new()];
    for row in rows(file)? {
        let text = row.read(file)?;
        let most = text.windows.iter().map(|window| weights.weigh(window)).fold(-9.0, f32::max);
        if std::env::var_os("LEARN_VERBOSE").is_some() {
            println!("{most:.2}\t{}\t{}\t{}\t", row.label, row.category, row.id);
        }
        scores[usize::from(row.attacks(file))].push(most);
    }
    let share = |scores: &[f32], cut: f32| {
        let found = scores.iter().filter(|score| **score >= cut).count();
        format!("{:.1}", 100.0 * found as f32 / scores.len().max(1) as f32)
    };
    let cuts: Vec<String> = CUTS
        .iter()
        .map(|cut| format!("{cut}: {}/{}", share(&scores[1], *cut), share(&scores[0], *cut)))
        .collect();
    println!(
        "{} ({} attacks, {} honest): {}",
        file.display(),
        scores[1].len(),
        scores[0].len(),
        cuts.join("  ")
    );
    Ok(())
}
