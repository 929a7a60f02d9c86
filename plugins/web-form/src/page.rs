//! The pages: plain HTML in Chinese, without scripts, usable by keyboard, screen reader and old phone.
//!
//! Everything that came from outside goes through [`text`]. The pages load nothing and may be framed by
//! nobody (see the policy in [`html`]). Forms go to the address of the page itself.

use yiwang_sdk::prelude::*;

use crate::check::Mistake;
use crate::config::{Config, Extra, Shape};
use crate::input::Given;

const STYLE: &str = include_str!("page.css");

/// A page as a response.
pub(crate) fn html(status: u16, page: String) -> HttpResponse {
    HttpResponse::typed(status, "text/html; charset=utf-8", page)
        .with(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        .with("x-content-type-options", "nosniff")
        .with("referrer-policy", "no-referrer")
        .with("cache-control", "no-store")
}

/// The form for a report, with what was given and what is wrong with it.
pub(crate) fn report(config: &Config, client_id: &str, given: &Given, mistakes: &[Mistake]) -> String {
    let mut form = Form { config, given, mistakes, html: String::new() };
    form.area("content", "诉求内容", "发生了什么、在哪里、希望怎样解决", 20_000);
    form.line("title", "标题", "可以不填，由内容自动生成", "text", "");
    if !config.categories.is_empty() {
        form.select("category", "类别", &config.categories);
    }
    form.line("address", "地点", "小区、道路、门牌或附近的标志物", "text", "street-address");
    form.line("occurredAt", "发生时间", "", "datetime-local", "");
    for field in &config.extra {
        form.extra(field);
    }
    if config.photos_max > 0 {
        form.photos();
    }
    form.html.push_str("<fieldset><legend>联系方式</legend>");
    form.line("petitioner.name", "姓名", "", "text", "name");
    form.line("petitioner.phone", "电话", "用于回复办理结果", "tel", "tel");
    form.check("petitioner.confidential", "请对我的身份保密");
    form.check("petitioner.anonymous", "匿名提交（不留姓名和电话，将无法向您回复）");
    form.html.push_str("</fieldset>");
    let fields = form.html;
    let intro = config.intro.as_deref().map(|intro| format!("<p>{}</p>", text(intro))).unwrap_or_default();
    let body = format!(
        "{intro}{summary}<form method=\"post\" enctype=\"multipart/form-data\" novalidate>\
         <input type=\"hidden\" name=\"clientId\" value=\"{client}\">{fields}\
         <button type=\"submit\">提交</button></form>",
        summary = summary(mistakes),
        client = text(client_id),
    );
    document(&config.title, !mistakes.is_empty(), &body)
}

/// The form for a verdict.
pub(crate) fn feedback(config: &Config, client_id: &str, given: &Given, mistakes: &[Mistake]) -> String {
    let mut form = Form { config, given, mistakes, html: String::new() };
    form.line("caseNo", "办件编号", "在给您的回复里，如 QC-20240604-000123", "text", "off");
    form.radios("satisfied", "您对办理结果", &[("true", "满意"), ("false", "不满意")]);
    form.line("score", "打分", "1 很不满意，5 很满意，可以不填", "number", "");
    form.area("reason", "原因或补充", "可以不填", 2000);
    let fields = form.html;
    let body = format!(
        "{summary}<form method=\"post\" enctype=\"multipart/form-data\" novalidate>\
         <input type=\"hidden\" name=\"clientId\" value=\"{client}\">{fields}\
         <button type=\"submit\">提交评价</button></form>",
        summary = summary(mistakes),
        client = text(client_id),
    );
    document(&format!("{} · 满意度评价", config.title), !mistakes.is_empty(), &body)
}

/// What the person keeps.
pub(crate) fn receipt(config: &Config, id: &str) -> String {
    let body = format!(
        "<p role=\"status\">我们已经收到，感谢您的反映。</p>\
         <p>回执编号 <strong class=\"receipt\">{}</strong></p>\
         <p>请保存这个编号。受理后会给您一个办件编号。</p><p><a href=\"?\">再提交一件</a></p>",
        text(id)
    );
    document(&config.title, false, &body)
}

fn document(title: &str, wrong: bool, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{wrong}{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>",
        wrong = if wrong { "有误：" } else { "" },
        title = text(title),
    )
}

fn summary(mistakes: &[Mistake]) -> String {
    if mistakes.is_empty() {
        return String::new();
    }
    let items: String = mistakes
        .iter()
        .map(|mistake| {
            format!("<li><a href=\"#{}\">{}</a></li>", text(&id_of(&mistake.pointer)), text(&mistake.detail))
        })
        .collect();
    format!(
        "<div role=\"alert\" class=\"wrong\"><h2>有 {} 处需要修改</h2><ul>{items}</ul></div>",
        mistakes.len()
    )
}

/// `/petitioner/phone` and `petitioner.phone` → `f-petitioner-phone`; a photo's mistake belongs to all photos.
fn id_of(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let path = if path.starts_with("photos") { "photos" } else { path };
    format!("f-{}", path.replace(['/', '.'], "-"))
}

struct Form<'a> {
    config: &'a Config,
    given: &'a Given,
    mistakes: &'a [Mistake],
    html: String,
}

impl Form<'_> {
    fn line(&mut self, path: &str, label: &str, hint: &str, kind: &str, autocomplete: &str) {
        let value = text(&self.given.shown(path));
        let auto =
            if autocomplete.is_empty() { String::new() } else { format!(" autocomplete=\"{autocomplete}\"") };
        self.field(path, label, hint, self.config.requires(path), |attributes| {
            format!("<input type=\"{kind}\" value=\"{value}\"{auto}{attributes}>")
        });
    }

    fn area(&mut self, path: &str, label: &str, hint: &str, chars_max: usize) {
        let value = text(&self.given.shown(path));
        self.field(path, label, hint, self.config.requires(path), |attributes| {
            format!("<textarea rows=\"5\" maxlength=\"{chars_max}\"{attributes}>{value}</textarea>")
        });
    }

    fn select(&mut self, path: &str, label: &str, options: &[String]) {
        let given = self.given.shown(path);
        self.field(path, label, "", self.config.requires(path), |attributes| {
            format!(
                "<select{attributes}><option value=\"\">请选择</option>{}</select>",
                choices(options, &given)
            )
        });
    }

    fn extra(&mut self, field: &Extra) {
        let path = format!("extra.{}", field.name);
        let shown = self.given.shown(&path);
        let value = text(&shown);
        match field.shape {
            Shape::Checkbox => self.check(&path, &field.label),
            Shape::Textarea => self.field(&path, &field.label, "", field.required, |attributes| {
                format!(
                    "<textarea rows=\"3\" maxlength=\"{}\"{attributes}>{value}</textarea>",
                    field.max_chars
                )
            }),
            Shape::Select => self.field(&path, &field.label, "", field.required, |attributes| {
                let options = choices(&field.options, &shown);
                format!("<select{attributes}><option value=\"\">请选择</option>{options}</select>")
            }),
            Shape::Text | Shape::Number | Shape::Date => {
                let kind = match field.shape {
                    Shape::Date => "date",
                    Shape::Number => "number\" step=\"any",
                    _ => "text",
                };
                self.field(&path, &field.label, "", field.required, |attributes| {
                    format!("<input type=\"{kind}\" value=\"{value}\"{attributes}>")
                });
            }
        }
    }

    fn photos(&mut self) {
        let hint = format!("最多 {} 张，可以直接拍照", self.config.photos_max);
        let accept = text(&self.config.photo_types.join(","));
        self.field("photos", "照片", &hint, self.config.requires("photos"), |attributes| {
            format!("<input type=\"file\" accept=\"{accept}\" multiple{attributes}>")
        });
    }

    fn check(&mut self, path: &str, label: &str) {
        let checked = if matches!(self.given.shown(path).as_str(), "on" | "true") { " checked" } else { "" };
        self.html.push_str(&format!(
            "<p class=\"check\"><input type=\"checkbox\" id=\"{id}\" name=\"{path}\"{checked}> \
             <label for=\"{id}\">{label}</label></p>",
            id = id_of(path),
            path = text(path),
            label = text(label),
        ));
    }

    fn radios(&mut self, path: &str, label: &str, options: &[(&str, &str)]) {
        let given = self.given.shown(path);
        let wrong = self.wrong(path);
        let options: String = options
            .iter()
            .enumerate()
            .map(|(at, (value, name))| {
                let id = if at == 0 { id_of(path) } else { format!("{}-{at}", id_of(path)) };
                let checked = if given == *value { " checked" } else { "" };
                format!(
                    "<p class=\"check\"><input type=\"radio\" id=\"{id}\" name=\"{path}\" value=\"{value}\"{checked}> \
                     <label for=\"{id}\">{name}</label></p>"
                )
            })
            .collect();
        self.html.push_str(&format!("<fieldset><legend>{label}（必填）</legend>{wrong}{options}</fieldset>"));
    }

    /// Label, hint, mistake and control, tied together by ids.
    fn field(
        &mut self,
        path: &str,
        label: &str,
        hint: &str,
        required: bool,
        control: impl FnOnce(&str) -> String,
    ) {
        let id = id_of(path);
        let wrong = self.wrong(path);
        let mut described = Vec::new();
        if !hint.is_empty() {
            described.push(format!("{id}-hint"));
        }
        if !wrong.is_empty() {
            described.push(format!("{id}-wrong"));
        }
        let mut attributes = format!(" id=\"{id}\" name=\"{}\"", text(path));
        if !described.is_empty() {
            attributes.push_str(&format!(" aria-describedby=\"{}\"", described.join(" ")));
        }
        if !wrong.is_empty() {
            attributes.push_str(" aria-invalid=\"true\"");
        }
        if required {
            attributes.push_str(" required");
        }
        let hint = if hint.is_empty() {
            String::new()
        } else {
            format!("<span class=\"hint\" id=\"{id}-hint\">{}</span>", text(hint))
        };
        self.html.push_str(&format!(
            "<p><label for=\"{id}\">{label}{mark}</label>{hint}{wrong}{control}</p>",
            label = text(label),
            mark = if required { "（必填）" } else { "" },
            control = control(&attributes),
        ));
    }

    fn wrong(&self, path: &str) -> String {
        let id = id_of(path);
        let details: Vec<String> = self
            .mistakes
            .iter()
            .filter(|mistake| id_of(&mistake.pointer) == id)
            .map(|mistake| text(&mistake.detail))
            .collect();
        if details.is_empty() {
            return String::new();
        }
        format!("<span class=\"wrong\" id=\"{id}-wrong\">{}</span>", details.join("；"))
    }
}

fn choices(options: &[String], given: &str) -> String {
    options
        .iter()
        .map(|option| {
            let selected = if option == given { " selected" } else { "" };
            format!("<option{selected}>{}</option>", text(option))
        })
        .collect()
}

/// Text as HTML, also inside quoted attributes.
pub(crate) fn text(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            char => html.push(char),
        }
    }
    html
}
