//! What people of a district complain about: a seeded generator of Chinese texts. All people are invented.

use crate::random::Random;

/// The channels of the district: the ten of its half-year report, and WeChat.
pub const CHANNELS: [Channel; 11] = [
    Channel { id: "renminwang", title: "人民网留言", by: By::SignedWebhook },
    Channel { id: "hotline", title: "群众和企业来电", by: By::SignedWebhook },
    Channel { id: "zhengwu-bianmin", title: "政务便民服务", by: By::WebForm },
    Channel { id: "nuanxin-zoufang", title: "暖心走访", by: By::WebForm },
    Channel { id: "suishoupai", title: "双创随手拍", by: By::WebFormWithPhoto },
    Channel { id: "jiesu-jiban", title: "接诉即办", by: By::WebForm },
    Channel { id: "qianxin", title: "欠薪投诉", by: By::SignedWebhook },
    Channel { id: "xinfang", title: "信访问题", by: By::SignedWebhook },
    Channel { id: "yuqing", title: "舆情处置", by: By::SignedWebhook },
    Channel { id: "weiqi-fuwu", title: "为企服务", by: By::WebForm },
    Channel { id: "wechat", title: "微信公众号", by: By::WeChat },
];

/// One way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id in the project.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// What speaks on it.
    pub by: By,
}

/// How a channel is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A form of a web page, as JSON or urlencoded.
    WebForm,
    /// A form with a photo, as multipart.
    WebFormWithPhoto,
    /// Another department's platform, signed as Standard Webhooks.
    SignedWebhook,
    /// Encrypted messages of the WeChat platform.
    WeChat,
}

/// One matter of one person.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// Counted from 1.
    pub number: usize,
    /// By which channel.
    pub channel: Channel,
    /// The channel's own id of it.
    pub external_id: String,
    /// consult, help, complaint, report, suggestion.
    pub kind: &'static str,
    /// general, urgent, emergency.
    pub urgency: &'static str,
    /// One line.
    pub title: String,
    /// The text.
    pub content: String,
    /// Where.
    pub address: String,
    /// Who, unless anonymous.
    pub petitioner: Option<Petitioner>,
}

/// Who complains. Invented.
#[derive(Clone, Debug)]
pub struct Petitioner {
    /// Family name and a polite word.
    pub name: String,
    /// From a range that no operator has given out.
    pub phone: String,
}

/// A thing to complain about: how it is said, and whose it is.
struct Topic {
    kind: &'static str,
    thing: &'static str,
    says: &'static str,
    asks: &'static str,
    unit: &'static str,
}

/// The units that handle cases.
pub const UNITS: [&str; 8] = [
    "区城管局",
    "区住建局",
    "区人社局",
    "区市场监管局",
    "区农业农村局",
    "区教育局",
    "区交通局",
    "区水务集团",
];

const TOPICS: [Topic; 24] = [
    topic("complaint", "路灯不亮", "连续好几天路灯不亮，晚上接孩子很不安全", "请尽快派人维修", "区城管局"),
    topic(
        "complaint",
        "夜间施工噪音",
        "工地夜里十二点还在打桩，老人孩子都睡不好",
        "请责令按时停工",
        "区城管局",
    ),
    topic("complaint", "占道经营", "烧烤摊占了整条人行道，油烟很大", "请规范摊点", "区城管局"),
    topic("report", "乱倒建筑垃圾", "有渣土车半夜往空地倒建筑垃圾", "请查处并清运", "区城管局"),
    topic("complaint", "生活垃圾清运不及时", "垃圾桶满了三天没人收，气味难闻", "请增加清运次数", "区城管局"),
    topic("complaint", "小区电梯故障", "电梯一周坏了三次，高层老人下不了楼", "请督促物业更换", "区住建局"),
    topic("help", "楼顶漏水", "顶楼下雨就漏，维修基金申请了半年没有结果", "请帮助启用维修基金", "区住建局"),
    topic("complaint", "物业收费不公开", "物业只收费不公示，停车费说涨就涨", "请要求公示账目", "区住建局"),
    topic("complaint", "天然气未通", "交房一年了天然气还没有通", "请给出开通时间", "区住建局"),
    topic("complaint", "拖欠工资", "工地干了四个月，包工头一直不给结工资", "请帮忙讨薪", "区人社局"),
    topic("consult", "社保转移手续", "从外省回来，养老保险不知道怎么转", "请告知需要哪些材料", "区人社局"),
    topic("consult", "创业担保贷款", "想开个小店，不清楚创业贷款的条件", "请告知申请流程", "区人社局"),
    topic("report", "超市销售过期食品", "买到的酸奶已经过期五天", "请查处", "区市场监管局"),
    topic("complaint", "健身房跑路", "办了年卡，店突然关门电话也打不通", "请帮助退款", "区市场监管局"),
    topic("consult", "营业执照变更", "公司地址搬了，不知道线上能不能变更", "请告知办理方式", "区市场监管局"),
    topic("help", "抗旱灌溉用水", "地里旱得厉害，机井的电没有通", "请尽快通电", "区农业农村局"),
    topic("report", "秸秆焚烧", "傍晚有人在地头烧秸秆，烟很大", "请制止", "区农业农村局"),
    topic("help", "夏收机械调度", "麦子熟了找不到收割机，怕遇上下雨", "请帮助联系农机", "区农业农村局"),
    topic(
        "complaint",
        "校门口拥堵",
        "放学时校门口堵得水泄不通，孩子过马路危险",
        "请安排人员疏导",
        "区教育局",
    ),
    topic("consult", "学区划分", "刚搬到新小区，不知道孩子上哪所小学", "请告知学区", "区教育局"),
    topic("complaint", "公交车间隔太长", "早高峰等了四十分钟没有一辆车", "请增加班次", "区交通局"),
    topic("complaint", "路面塌陷", "路中间塌了一个坑，已经有人摔倒", "请先围挡再修", "区交通局"),
    topic("help", "自来水水压低", "五楼以上白天基本没有水", "请检查管网", "区水务集团"),
    topic("complaint", "污水外溢", "下水道堵了，污水流到路上好几天", "请疏通", "区水务集团"),
];

const fn topic(
    kind: &'static str,
    thing: &'static str,
    says: &'static str,
    asks: &'static str,
    unit: &'static str,
) -> Topic {
    Topic { kind, thing, says, asks, unit }
}

const STREETS: [&str; 12] = [
    "薛阁街道",
    "花戏楼街道",
    "汤陵街道",
    "古井镇",
    "十八里镇",
    "谯东镇",
    "十河镇",
    "五马镇",
    "沙土镇",
    "华佗镇",
    "观堂镇",
    "双沟镇",
];
const PLACES: [&str; 12] = [
    "南关小区",
    "希夷大道与杜仲路口",
    "幸福家园",
    "第三小学门口",
    "农贸市场北门",
    "光明路东段",
    "张庄村",
    "李楼村",
    "翰林府邸二期",
    "工业园区三号路",
    "中医院对面",
    "老车站广场",
];
const NAMES: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "高", "林", "罗",
];

/// So many complaints, the same for the same seed.
pub fn generate(seed: u64, count: usize) -> Vec<Complaint> {
    let mut random = Random::new(seed);
    (1..=count).map(|number| complaint(&mut random, seed, number)).collect()
}

/// The unit that a dispatcher would choose for such a text.
pub fn unit_for(title: &str) -> &'static str {
    TOPICS.iter().find(|topic| title.contains(topic.thing)).map_or(UNITS[0], |topic| topic.unit)
}

fn complaint(random: &mut Random, seed: u64, number: usize) -> Complaint {
    // Every channel comes up, whatever the count; which matter it is about is free.
    let channel = CHANNELS[number % CHANNELS.len()];
    let topic = match channel.id {
        "qianxin" => &TOPICS[9],
        _ => random.pick(&TOPICS),
    };
    let (street, place) = (*random.pick(&STREETS), *random.pick(&PLACES));
    let days = random.below(9) + 1;
    let title = format!("{street}{place}{}", topic.thing);
    let content = format!(
        "{street}{place}，{}。这个情况已经有{days}天了，{}。（第{number}号来信）",
        topic.says, topic.asks
    );
    let urgency = match random.below(20) {
        0 => "emergency",
        1 | 2 => "urgent",
        _ => "general",
    };
    let anonymous = channel.by == By::WeChat || random.percent(15);
    let petitioner = (!anonymous).then(|| Petitioner {
        name: format!("{}{}", random.pick(&NAMES), if random.percent(50) { "先生" } else { "女士" }),
        // 199 0000 xxxx: not given out.
        phone: format!("1990000{number:04}"),
    });
    Complaint {
        number,
        channel,
        external_id: format!("{}-{seed}-{number}", channel.id),
        kind: topic.kind,
        urgency,
        title,
        content,
        address: format!("谯城区{street}{place}"),
        petitioner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_district() {
        let texts = |seed| generate(seed, 40).into_iter().map(|one| one.content).collect::<Vec<_>>();
        assert_eq!(texts(7), texts(7));
        assert_ne!(texts(7), texts(8));
    }

    #[test]
    fn every_channel_comes_up_and_every_text_is_different() {
        let all = generate(1, 300);
        for channel in CHANNELS {
            assert!(all.iter().any(|one| one.channel == channel), "{}", channel.id);
        }
        let texts: std::collections::BTreeSet<&str> = all.iter().map(|one| one.content.as_str()).collect();
        assert_eq!(texts.len(), all.len());
    }

    #[test]
    fn every_topic_has_a_unit_that_exists() {
        for topic in &TOPICS {
            assert!(UNITS.contains(&topic.unit), "{}", topic.unit);
            assert_eq!(unit_for(topic.thing), topic.unit);
        }
    }
}
