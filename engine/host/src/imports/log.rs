//! `log`: lines of a plugin in the server's own log, counted, cut and without control characters.

use crate::bindings::yiwang::channel::log::{Host, Level};
use crate::call::CallState;
use crate::limits;

impl Host for CallState {
    async fn write(
        &mut self,
        level: Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        self.saw("log.write");
        self.log_lines = self.log_lines.saturating_add(1);
        if self.log_lines > limits::LOG_LINES_MAX {
            if self.log_lines == limits::LOG_LINES_MAX + 1 {
                tracing::warn!(target: "plugin", channel = self.channel.id, "further lines of this call are dropped");
            }
            return Ok(());
        }
        let mut line = String::new();
        put(&mut line, &message);
        for (name, value) in &fields {
            put(&mut line, " ");
            put(&mut line, name);
            put(&mut line, "=");
            put(&mut line, value);
        }
        if let Some(seen) = &mut self.seen {
            seen.log.push((word(level), line.clone()));
        }
        self.noted.logged(word(level), &line);
        let (channel, plugin) = (&self.channel.id, &self.channel.plugin.manifest.name);
        match level {
            Level::Trace => tracing::trace!(target: "plugin", channel, plugin, "{line}"),
            Level::Debug => tracing::debug!(target: "plugin", channel, plugin, "{line}"),
            Level::Info => tracing::info!(target: "plugin", channel, plugin, "{line}"),
            Level::Warn => tracing::warn!(target: "plugin", channel, plugin, "{line}"),
            Level::Error => tracing::error!(target: "plugin", channel, plugin, "{line}"),
        }
        Ok(())
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

fn put(line: &mut String, text: &str) {
    for char in text.chars() {
        if line.len() + char.len_utf8() > limits::LOG_LINE_BYTES_MAX {
            return;
        }
        line.push(if char.is_control() || crate::blobs::is_bidi(char) { '\u{FFFD}' } else { char });
    }
}
