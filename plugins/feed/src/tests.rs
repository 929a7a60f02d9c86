//! The logic, natively, against the fake host. The fixtures run the component.

use encoding_rs::GB18030;
use yiwang_sdk::serde_json::{Value, from_str, json};
use yiwang_sdk::{HttpError, fake, prelude::*};

use crate::{Feed, config};

const URL: &str = "https://board.example.cn/feed.xml";

fn host(more: &Value) -> fake::Host {
    let mut config = json!({"url": URL, "channel": "people-cn"});
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    assert_eq!(config::problems(&config).len(), 0, "{:?}", config::problems(&config));
    fake::Host::new().config(config)
}

fn given(body: &str) -> Result<HttpResponse, HttpError> {
    Ok(HttpResponse::typed(200, "application/xml", body.to_owned()))
}

fn poll(host: &fake::Host, cursor: Option<String>) -> Result<Page, Failure> {
    poll_some(host, cursor, 100)
}

fn poll_some(host: &fake::Host, cursor: Option<String>, most: u32) -> Result<Page, Failure> {
    let mut ctx = host.context();
    ctx.deadline_ms = ctx.now_ms + 30_000;
    let page = Feed::poll(host, &ctx, cursor, most);
    if let Ok(page) = &page {
        assert!(page.cursor.as_ref().is_some_and(|cursor| cursor.len() <= 4096));
    }
    page
}

fn data(page: &Page) -> Vec<Value> {
    page.events.iter().map(|event| from_str(&event.data).unwrap()).collect()
}

fn ids(page: &Page) -> Vec<&str> {
    page.events.iter().map(|event| event.id.as_str()).collect()
}

fn sole(more: &Value, body: &str) -> Value {
    let page = poll(&host(more).answer(given(body)), None).unwrap();
    let [one] = data(&page).try_into().unwrap();
    one
}

fn code(more: &Value, answer: Result<HttpResponse, HttpError>) -> (FailureKind, String) {
    let failure = poll(&host(more).answer(answer), None).unwrap_err();
    (failure.kind, failure.code)
}

fn rss(items: &str) -> String {
    format!("<rss version='2.0'><channel><title>板</title>{items}</channel></rss>")
}

fn numbered(numbers: impl Iterator<Item = u32>) -> String {
    rss(&numbers.map(|n| format!("<item><guid>g{n}</guid><title>留言{n}</title></item>")).collect::<String>())
}

#[test]
fn atom_becomes_an_intake() {
    let body = r#"<?xml version="1.0" encoding="utf-8"?>
      <feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://board.example.cn/threads/" xmlns:yq="urn:vendor">
        <title>留言板</title><id>urn:board</id><updated>2024-06-04T08:00:00+08:00</updated>
        <link rel="self" href="/feed.xml"/><link rel="next" href="/feed.xml?page=2"/>
        <entry><id>urn:vendor:778</id><title type="html">路灯&lt;b&gt;不亮&lt;/b&gt;</title>
          <published>2024-06-04T08:00:00+08:00</published><updated>2024-06-05T08:00:00+08:00</updated>
          <author><name>王某</name><email>a@example.cn</email></author>
          <link href="778.html"/><link rel="enclosure" type="image/jpeg" href="../p/1.jpg"/>
          <category term="较大"/><category term="c1" label="城乡建设"/><yq:cluster>k-9</yq:cluster>
          <summary>短</summary>
          <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>南关小区<b>路灯</b>不亮</p><p>三天了 &amp; 没人管</p></div></content>
        </entry></feed>"#;
    let more =
        json!({"board": "区委书记", "region": "341602", "pages": 1, "extra": {"cluster": "yq:cluster"}});
    assert_eq!(
        sole(&more, body),
        json!({
            "externalId": "urn:vendor:778", "channel": "people-cn", "kind": "complaint", "title": "路灯不亮",
            "content": "南关小区路灯不亮\n三天了 & 没人管", "category": ["城乡建设"],
            "occurredAt": "2024-06-04T08:00:00+08:00", "region": "341602", "petitioner": {"name": "王某"},
            "urgency": "urgent",
            "attachments": [{"provider": "feed", "ref": "https://board.example.cn/p/1.jpg",
                             "url": "https://board.example.cn/p/1.jpg", "mediaType": "image/jpeg"}],
            "extra": {"cluster": "k-9", "board": "区委书记", "url": "https://board.example.cn/threads/778.html"}
        })
    );
}

#[test]
fn rss_of_both_kinds_is_read() {
    let two = rss(
        "<item><title>噪音 &amp; 灰尘</title><link>https://board.example.cn/t/1</link><guid isPermaLink='false'>77</guid>\
         <pubDate>Tue, 04 Jun 2024 14:30:00 +0800</pubDate><author>x@example.cn (李某)</author><category>求助</category>\
         <enclosure url='https://board.example.cn/1.jpg' length='1' type='image/jpeg'/><source url='https://m.example.cn/'>某报</source>\
         <description>短</description><content:encoded><![CDATA[<p>夜间施工&nbsp;噪音</p><script>x()</script>]]></content:encoded></item>",
    );
    let more = json!({"extra": {"media": "source", "home": "source@url"}, "author": "extra"});
    let intake = sole(&more, &two);
    assert_eq!(
        intake,
        json!({
            "externalId": "77", "channel": "people-cn", "kind": "help", "title": "噪音 & 灰尘",
            "content": "夜间施工 噪音", "occurredAt": "2024-06-04T14:30:00+08:00",
            "attachments": [{"provider": "feed", "ref": "https://board.example.cn/1.jpg",
                             "url": "https://board.example.cn/1.jpg", "mediaType": "image/jpeg"}],
            "extra": {"media": "某报", "home": "https://m.example.cn/", "author": "李某", "url": "https://board.example.cn/t/1"}
        })
    );
    let one = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel rdf:about='x'><title>板</title></channel>\
               <item rdf:about='https://board.example.cn/9'><title>水压低</title><link>/9</link><dc:date>2024-06-04T06:30:00Z</dc:date>\
               <dc:creator>赵某</dc:creator><description>&amp;lt;三楼&amp;gt;没水</description></item></rdf:RDF>";
    let intake = sole(&json!({}), one);
    assert_eq!(
        (intake["externalId"].as_str(), intake["content"].as_str()),
        (Some("https://board.example.cn/9"), Some("<三楼>没水"))
    );
    assert_eq!(
        (&intake["petitioner"]["name"], &intake["occurredAt"]),
        (&json!("赵某"), &json!("2024-06-04T06:30:00Z"))
    );
}

#[test]
fn json_feed_is_read() {
    let body = json!({"version": "https://jsonfeed.org/version/1.1", "title": "板", "items": [{
        "id": 12, "url": "/t/12", "content_html": "<p>建议<br>增设路灯</p>", "date_published": "2024-06-04T06:30:00Z",
        "authors": [{"name": "孙某"}], "tags": ["建议", "市政"], "_yq": {"cluster": 7},
        "attachments": [{"url": "a.pdf", "mime_type": "application/pdf"}]}]});
    let intake = sole(&json!({"extra": {"cluster": "/_yq/cluster"}}), &body.to_string());
    assert_eq!(
        intake,
        json!({
            "externalId": "12", "channel": "people-cn", "kind": "suggestion", "title": "建议", "content": "建议\n增设路灯",
            "category": ["市政"], "occurredAt": "2024-06-04T06:30:00Z", "petitioner": {"name": "孙某"},
            "attachments": [{"provider": "feed", "ref": "https://board.example.cn/a.pdf",
                             "url": "https://board.example.cn/a.pdf", "mediaType": "application/pdf"}],
            "extra": {"cluster": 7, "url": "https://board.example.cn/t/12"}
        })
    );
}

fn board() -> Value {
    json!({"url": "https://board.example.cn/list/", "html": {
        "item": "ul.list > li", "id": "@data-tid", "link": "a.t", "title": "a.t", "date": ".d", "content": "p",
        "author": "em@title", "category": ".tag", "next": "a.next", "enclosures": "img@src"}})
}

const LIST: &str = "<html><head><title>留言 &amp; 板</title></head><body><a class=t href=/no>不是</a><ul class=list>\
    <li data-tid=2><a class=t href='/t/2'>路灯&nbsp;<b>不亮</b></a><span class=d>发布时间：2024-06-04 14:30</span>\
    <em title='王&amp;某'></em><p>一<p>二<br>三<i class=tag>求助</i><i class=tag>市政</i><img src=1.jpg></li>\
    <li data-tid=1><a class=t href='/t/1'>噪音</a><a class=t href='/t/x'>别的</a><span class=d>看不懂</span>\
    </ul><a class=next href='?p=2'>下一页</a></body></html>";

#[test]
fn a_page_without_a_feed_is_read_by_selectors() {
    let mut more = board();
    more["pages"] = json!(1);
    let page = poll(&host(&more).answer(given(LIST)), None).unwrap();
    assert_eq!(ids(&page), ["1", "2"], "the oldest first");
    assert_eq!(
        data(&page),
        [
            json!({
                "externalId": "1", "channel": "people-cn", "kind": "complaint", "title": "噪音", "content": "噪音",
                "extra": {"unread": {"occurredAt": "看不懂"}, "url": "https://board.example.cn/t/1"}
            }),
            json!({
                "externalId": "2", "channel": "people-cn", "kind": "help", "title": "路灯 不亮",
                "content": "一\n二\n三求助市政", "category": ["市政"], "occurredAt": "2024-06-04T14:30:00+08:00",
                "petitioner": {"name": "王&某"},
                "attachments": [{"provider": "feed", "ref": "https://board.example.cn/list/1.jpg", "url": "https://board.example.cn/list/1.jpg"}],
                "extra": {"url": "https://board.example.cn/t/2"}
            })
        ]
    );
}

#[test]
fn an_item_may_be_its_own_link() {
    let more = json!({"html": {"item": "li a", "link": "li a", "title": "li a"}});
    let page =
        poll(&host(&more).answer(given("<ul><li><a href=1>甲</a><li><a href=2>乙</a></ul>")), None).unwrap();
    assert_eq!(ids(&page), ["https://board.example.cn/2", "https://board.example.cn/1"]);
    assert_eq!(data(&page)[0]["title"], "乙");
}

#[test]
fn pages_of_gbk_are_read_and_an_entrys_own_page_is_asked() {
    let mut more = board();
    more["detail"] = json!({"content": "#body", "author": ".who", "date": ".when"});
    more["pages"] = json!(1);
    let gbk = |html: &str| {
        let bytes = GB18030.encode(html).0.into_owned();
        let mut response = HttpResponse::empty(200).with("content-type", "text/html");
        response.body = Payload::Bytes(bytes);
        Ok(response)
    };
    let host = host(&more)
        .answer(gbk(LIST))
        .answer(gbk("<div id=body><p>施工到半夜</p><div>请管一管</div></div><i class=who>李某</i><b class=when>2024年6月3日</b>"))
        .answer(Ok(HttpResponse::empty(404)));
    let page = poll(&host, None).unwrap();
    let found = data(&page);
    assert_eq!(
        (&found[0]["content"], &found[0]["petitioner"]["name"], &found[0]["occurredAt"]),
        (&json!("施工到半夜\n请管一管"), &json!("李某"), &json!("2024-06-03T00:00:00+08:00"))
    );
    assert_eq!(
        (&found[1]["externalId"], &found[1]["extra"]["detail"]),
        (&json!("2"), &json!("feed.http-404"))
    );
    assert_eq!(host.sent()[1].url, "https://board.example.cn/t/1");
}

#[test]
fn a_page_of_an_entry_that_fails_costs_no_other() {
    let more = json!({"detail": {"content": "p"}, "pages": 1});
    let feed = rss(
        "<item><link>https://board.example.cn/2</link><title>b</title></item><item><link>https://board.example.cn/1</link><title>a</title></item>",
    );
    let first =
        host(&more).answer(given(&feed)).answer(given("<p>x</p>")).answer(Ok(HttpResponse::empty(503)));
    let page = poll(&first, None).unwrap();
    assert_eq!((ids(&page), page.more), (vec!["https://board.example.cn/1"], false));
    let second = host(&more).answer(given(&feed)).answer(given("<p>y</p>"));
    let page = poll(&second, page.cursor).unwrap();
    assert_eq!((ids(&page), &data(&page)[0]["content"]), (vec!["https://board.example.cn/2"], &json!("y")));
    let failure =
        poll(&host(&more).answer(given(&feed)).answer(Ok(HttpResponse::empty(503))), None).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Retryable, "feed.http-503"));
    // Again and again: it does not hold up the others for ever.
    let stuck =
        host(&more).answer(given(&feed)).answer(Ok(HttpResponse::empty(503))).answer(given("<p>y</p>"));
    let mut ctx = stuck.context();
    (ctx.attempt, ctx.deadline_ms) = (5, ctx.now_ms + 30_000);
    let page = Feed::poll(&stuck, &ctx, None, 100).unwrap();
    assert_eq!(
        (&data(&page)[0]["extra"]["detail"], &data(&page)[1]["content"]),
        (&json!("feed.http-503"), &json!("y"))
    );
    // Nor does an advertisement, whose server nobody has granted.
    let denied =
        host(&more).answer(given(&feed)).answer(Err(HttpError::Denied("x".into()))).answer(given("<p>y</p>"));
    assert_eq!(data(&poll(&denied, None).unwrap())[0]["extra"]["detail"], "feed.denied");
}

#[test]
fn what_is_unchanged_is_not_fetched_and_what_is_known_not_told() {
    let answer = HttpResponse::typed(200, "text/xml", numbered((1..=2).rev()));
    let first = host(&json!({}))
        .answer(Ok(answer.with("etag", "W/\"7\"").with("last-modified", "Tue, 04 Jun 2024 06:30:00 GMT")));
    let page = poll(&first, None).unwrap();
    assert_eq!((ids(&page), page.more, page.next_after_ms), (vec!["g1", "g2"], false, Some(300_000)));
    let second = host(&json!({})).answer(Ok(HttpResponse::empty(304)));
    let unchanged = poll(&second, page.cursor.clone()).unwrap();
    assert_eq!((ids(&unchanged).len(), &unchanged.cursor), (0, &page.cursor));
    let sent = &second.sent()[0];
    let header = |name: &str| sent.headers.iter().find(|h| h.name == name).map(|h| h.value.clone());
    assert_eq!(header("if-none-match").as_deref(), Some("W/\"7\""));
    assert_eq!(header("if-modified-since").as_deref(), Some("Tue, 04 Jun 2024 06:30:00 GMT"));
    let third = host(&json!({})).answer(given(&numbered((1..=3).rev())));
    assert_eq!(ids(&poll(&third, page.cursor).unwrap()), ["g3"]);
}

#[test]
fn more_than_fits_comes_with_the_next_call_whatever_changed_between() {
    let many = host(&json!({})).answer(given(&numbered((1..=5).rev())));
    let first = poll_some(&many, None, 2).unwrap();
    assert_eq!((ids(&first), first.more), (vec!["g1", "g2"], true));
    let many = host(&json!({})).answer(given(&numbered((3..=6).rev())));
    let second = poll_some(&many, first.cursor, 3).unwrap();
    assert_eq!((ids(&second), second.more), (vec!["g3", "g4", "g5"], true));
    assert!(many.sent()[0].headers.iter().all(|header| header.name != "if-none-match"));
    let many = host(&json!({})).answer(given(&numbered((3..=6).rev())));
    let third = poll_some(&many, second.cursor, 3).unwrap();
    assert_eq!((ids(&third), third.more), (vec!["g6"], false));
    // A feed that is longer than what is looked at ends there.
    let long = host(&json!({})).answer(given(&numbered((1..=500).rev())));
    let page = poll_some(&long, None, 500).unwrap();
    assert_eq!((page.events.len(), ids(&page)[199]), (200, "g500"));
}

fn paged(numbers: impl Iterator<Item = u32>, next: &str) -> Result<HttpResponse, HttpError> {
    given(&numbered(numbers).replace("<title>板</title>", &format!("<atom:link rel='next' href='{next}'/>")))
}

#[test]
fn older_pages_are_read_while_nothing_is_known_and_no_further_than_it_is_said() {
    let first = host(&json!({"pages": 2})).answer(paged((7..=9).rev(), "?p=2"));
    let head = poll(&first, None).unwrap();
    assert_eq!((ids(&head), head.more), (vec!["g7", "g8", "g9"], true));
    let second = host(&json!({"pages": 2})).answer(paged((4..=6).rev(), "?p=3"));
    let older = poll(&second, head.cursor).unwrap();
    assert_eq!((ids(&older), older.more), (vec!["g4", "g5", "g6"], false), "two pages, and no third");
    assert_eq!(second.sent()[0].url, "https://board.example.cn/feed.xml?p=2");
    // After an outage nothing of the newest page is known: the one behind it is asked, too.
    let third = host(&json!({"pages": 3})).answer(paged((13..=15).rev(), "?p=2"));
    let head = poll(&third, older.cursor.clone()).unwrap();
    assert!(head.more);
    let fourth = host(&json!({"pages": 3})).answer(paged((9..=12).rev(), "?p=3"));
    let older_again = poll(&fourth, head.cursor.clone()).unwrap();
    assert_eq!((ids(&older_again), older_again.more), (vec!["g10", "g11", "g12"], false));
    // History that is gone is left out.
    let gone = poll(&host(&json!({"pages": 3})).answer(Ok(HttpResponse::empty(404))), head.cursor).unwrap();
    assert_eq!((ids(&gone).len(), gone.more), (0, false));
    // Where something is known, nothing older is asked for.
    let known = host(&json!({"pages": 3})).answer(paged((6..=10).rev(), "?p=2"));
    assert!(!poll(&known, older.cursor).unwrap().more);
}

#[test]
fn entries_have_the_same_id_each_time() {
    let long = "x".repeat(300);
    let feed = rss(&format!(
        "<item><guid>{long}</guid><title>a</title></item><item><title>b</title><description>c</description></item>\
         <item><guid>a&#10;b</guid><title>d</title></item><item><guid>g</guid><title>e</title></item><item><guid>g</guid><title>f</title></item><item/>"
    ));
    let once = host(&json!({})).answer(given(&feed));
    let first = poll(&once, None).unwrap();
    let again = poll(&host(&json!({})).answer(given(&feed)), None).unwrap();
    assert_eq!((ids(&first), first.events.len()), (ids(&again), 4));
    assert_eq!(ids(&first).iter().filter(|id| id.starts_with("sha256:")).count(), 3);
    assert_eq!(once.lines(), ["Level::Warn 1 entries have neither title nor content"]);
}

#[test]
fn what_was_written_before_a_day_opens_no_case() {
    let item = |n: u32| {
        format!("<item><guid>{n}</guid><title>t</title><pubDate>{n:02} Jun 2024 00:00 GMT</pubDate></item>")
    };
    let feed = rss(&[item(5), item(4), item(3)].concat());
    let page = poll(&host(&json!({"since": "2024-06-04T00:00:00Z"})).answer(given(&feed)), None).unwrap();
    assert_eq!(ids(&page), ["4", "5"]);
}

#[test]
fn failures_say_whether_to_ask_again() {
    use FailureKind::{Misconfigured, Permanent, Retryable};
    let status = |status: u16| Ok(HttpResponse::empty(status));
    for (answer, kind, expected) in [
        (status(404), Misconfigured, "feed.http-404"),
        (status(410), Misconfigured, "feed.http-410"),
        (status(401), Misconfigured, "feed.http-401"),
        (status(500), Retryable, "feed.http-500"),
        (status(302), Retryable, "feed.http-302"),
        (Err(HttpError::Timeout(true)), Retryable, "feed.timeout"),
        (Err(HttpError::Dns("x".into())), Retryable, "feed.unreachable"),
        (Err(HttpError::Denied("x".into())), Misconfigured, "feed.denied"),
        (Err(HttpError::ResponseTooLarge(9)), Permanent, "feed.too-large"),
        (given(""), Retryable, "feed.malformed"),
        (given("<rss><channel><item><title>a"), Retryable, "feed.malformed"),
        (given("{\"version\": \"https://jsonfeed.org/version/1.1\"}"), Retryable, "feed.malformed"),
        (given("{\"a\":1}"), Retryable, "feed.malformed"),
        (given("<opml/>"), Retryable, "feed.malformed"),
        (given("<!doctype html><p>x"), Misconfigured, "feed.no-feed"),
    ] {
        assert_eq!(code(&json!({}), answer), (kind, expected.to_owned()));
    }
    let busy = host(&json!({})).answer(Ok(HttpResponse::empty(429).with("retry-after", "7")));
    assert_eq!(poll(&busy, None).unwrap_err().retry_after_ms, Some(7_000));
    let page =
        "<!DOCTYPE html><head><link rel=alternate type='application/rss+xml' href='/rss?a=1&amp;b=2'></head>";
    let failure = poll(&host(&json!({})).answer(given(page)), None).unwrap_err();
    assert!(failure.message.ends_with("https://board.example.cn/rss?a=1&b=2"), "{}", failure.message);
}

#[test]
fn selectors_that_fit_nothing_are_told() {
    for (html, expected) in [
        ("<title>改版了</title><div class=new>", "feed.no-items"),
        ("<ul class=list><li data-tid=1><span>x</span></li></ul>", "feed.no-titles"),
        ("<ul class=list><li><a class=t>x</a></li></ul>", "feed.no-links"),
    ] {
        let failure = poll(&host(&board()).answer(given(html)), None).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Misconfigured, expected));
        assert!(!failure.message.is_empty());
    }
    let mut empty = board();
    empty["html"]["mayBeEmpty"] = json!(true);
    assert_eq!(poll(&host(&empty).answer(given("<ul class=list></ul>")), None).unwrap().events.len(), 0);
    let wrong = json!({"url": URL, "channel": "x", "since": "gestern", "utcOffset": "+25:99", "detail": {},
                       "html": {"item": "li + li", "title": "a[", "next": "@href"}});
    let pointers: Vec<String> = config::problems(&wrong).into_iter().map(|problem| problem.pointer).collect();
    assert_eq!(
        pointers,
        ["/html/item", "/html/title", "/html/next", "/html", "/detail", "/since", "/utcOffset"]
    );
}

#[test]
fn hostile_documents_end_in_an_answer() {
    let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><rss><channel><item><title>&b;</title></item></channel></rss>";
    for body in [
        bomb.to_owned(),
        format!("<rss>{}", "<a>".repeat(100_000)),
        format!("<rss><channel><item>{}</item></channel></rss>", "<a/>".repeat(100_000)),
        format!("<rss><channel>{}</channel></rss>", "<a/>".repeat(100_000)),
        "<rss></channel></rss>".to_owned(),
        format!("{{\"a\":{}", "[".repeat(100_000)),
        "<rss \u{0}/>".to_owned(),
    ] {
        let (kind, code) = code(&json!({}), given(&body));
        assert_eq!(
            (kind, code.as_str()),
            (FailureKind::Retryable, "feed.malformed"),
            "{}",
            &body[..40.min(body.len())]
        );
    }
    let unknown = rss("<item><title>&xxe;&nbsp;x</title><guid>1</guid></item>");
    assert_eq!(sole(&json!({}), &unknown)["title"], "&xxe; x");
    let endless = format!("<html>{}", "<div><p>x".repeat(100_000));
    assert_eq!(code(&board(), given(&endless)).1, "feed.malformed");
    let long = rss(&format!(
        "<item><guid>1</guid><title>{0}</title><description>{0}</description></item>",
        "长".repeat(30_000)
    ));
    let intake = sole(&json!({}), &long);
    assert_eq!(
        (intake["content"].as_str().unwrap().chars().count(), &intake["extra"]["cut"]),
        (20_000, &json!(true))
    );
}

#[test]
fn keys_go_to_the_feeds_own_server_and_placeholders_of_others_nowhere() {
    let more = json!({"headers": {"authorization": "Bearer ${secret:token}"}, "detail": {"content": "p"}, "pages": 1});
    let feed = rss("<item><guid>2</guid><title>a</title><link>https://elsewhere.example.cn/x</link></item>\
         <item><guid>1</guid><title>b</title><link>https://board.example.cn/${secret:token}</link></item>");
    let host = host(&more).answer(given(&feed)).answer(given("<p>x</p>"));
    let page = poll(&host, None).unwrap();
    let sent = host.sent();
    assert_eq!(sent.len(), 2, "the address that holds a placeholder is none");
    assert!(sent[0].headers.iter().any(|header| header.name == "authorization"));
    assert!(sent[1].headers.iter().all(|header| header.name != "authorization"));
    assert_eq!(data(&page)[0]["extra"]["url"], Value::Null);
}
