//! How weights do on a file of labelled rows.

use std::io::Write;
use std::path::Path;

use color_eyre::eyre::Result;

use super::Weights;
use super::read::rows;

/// Scores from which on something would be found.
const CUTS: [f32; 7] = [0.0, 0.5, 1.0, 1.5, 1.65, 2.0, 3.0];

/// Writes how much of a file would be found, by score; with `each`, also the score of each row.
pub fn tell(weights: &Weights, file: &Path, each: bool, out: &mut impl Write) -> Result<()> {
    let mut scores = [Vec::new(), Vec::new()];
    for row in rows(file)? {
        let text = row.read(file)?;
        let most = text.windows.iter().map(|window| weights.weigh(window)).fold(-9.0, f32::max);
        if each {
            writeln!(out, "{most:.2}\t{}\t{}\t{}", row.label, row.category, row.id)?;
        }
        scores[usize::from(text.attacks)].push(most);
    }
    let share = |scores: &[f32], cut: f32| {
        let found = scores.iter().filter(|score| **score >= cut).count();
        format!("{:.1}", 100.0 * found as f32 / scores.len().max(1) as f32)
    };
    let [honest, attacks] = &scores;
    let shares = CUTS.map(|cut| format!("{cut}: {}/{}", share(attacks, cut), share(honest, cut)));
    let (name, attacks, honest) = (file.display(), attacks.len(), honest.len());
    writeln!(out, "{name} ({attacks} attacks, {honest} honest), % found by score: {}", shares.join("  "))?;
    Ok(())
}
