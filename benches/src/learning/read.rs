//! Labelled texts, one JSON object a line.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Context as _, Result, eyre};
use serde::Deserialize;
use serde_json::Value;
use sigyl_core::scan::learning::{Lesson, lesson};

/// A text that is learned from.
#[derive(Debug)]
pub struct Text {
    /// Whether it attacks.
    pub attacks: bool,
    /// The features of what attacks as a whole, where that is known, or of honest texts as a whole.
    pub wholes: Vec<Vec<u32>>,
    /// The features of each window.
    pub windows: Vec<Vec<u32>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Row {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) label: String,
    #[serde(default)]
    pub(super) category: String,
    text: Option<String>,
    description: Option<String>,
    input_schema: Option<Value>,
    tool: Option<Value>,
}

impl Row {
    /// Returns whether it attacks, by its label or by the name of its file.
    pub(super) fn attacks(&self, file: &Path) -> bool {
        match self.label.as_str() {
            "attack" | "malicious" => true,
            "benign" => false,
            _ => file.file_stem().is_some_and(|stem| stem.to_string_lossy().contains("malicious")),
        }
    }

    /// Returns its texts, each with the name of the tool if it describes one.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        texts.extend(self.text.iter().map(|text| (String::new(), text.clone())));
        texts.extend(self.description.iter().map(|text| (self.name.clone(), text.clone())));
        for value in self.input_schema.iter().chain(&self.tool) {
            strings("", value, &mut texts);
        }
        texts
    }
}

fn strings(key: &str, value: &Value, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if !matches!(key, "type" | "name" | "$schema") => {
            texts.push((String::new(), text.clone()))
        }
        Value::Array(items) => items.iter().for_each(|item| strings(key, item, texts)),
        Value::Object(members) => members.iter().for_each(|(key, value)| strings(key, value, texts)),
        _ => {}
    }
}

/// Reads the rows of a file.
pub(super) fn rows(file: &Path) -> Result<Vec<Row>> {
    let text =
        std::fs::read_to_string(file).wrap_err_with(|| format!("could not read {}", file.display()))?;
    let row = |(at, line): (usize, &str)| {
        serde_json::from_str(line).wrap_err_with(|| format!("{}:{}", file.display(), at + 1))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
}

/// Reads the texts of files. A row is a text with a label, or a tool in a file whose name says what it holds. Of a tool
/// that attacks it is not known which of its texts does.
pub fn read_texts(files: &[PathBuf]) -> Result<Vec<Text>> {
    let mut read = Vec::new();
    for file in files {
        for row in rows(file)? {
            read.push(row.read(file)?);
        }
    }
    Ok(read)
}

impl Row {
    /// Reads what the scanner sees of it.
    pub(super) fn read(&self, file: &Path) -> Result<Text> {
        let mut text = Text { attacks: self.attacks(file), wholes: Vec::new(), windows: Vec::new() };
        for (name, words) in self.texts() {
            let Lesson { whole, windows } = lesson(&name, &words).map_err(|why| eyre!(why))?;
            if self.text.is_some() || !text.attacks {
                text.wholes.extend(whole);
            }
            text.windows.extend(windows);
        }
        Ok(text)
    }
}
