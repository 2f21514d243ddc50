"""Signs of present danger in a message, and what takes them back: denial, the past, another trade.

A lexicon beside the statistical model, since a fallen wire must never be read as a question. Pure.
"""

from __future__ import annotations

import re
from typing import Literal

from components.characters import plain

Reading = Literal["present", "taken_back", "none"]

LINE = (
    r"(?:电线|线路|电缆|电杆|杆子|高压线|架空线|变压器|线头|断线|裸线|根线|铁塔|进户线|低压线|店线)"
)
BOX = (
    r"(?:电箱|电表|表箱|配电|开关|闸|插座|插头|插板|插排|空开|变压器|箱变|充电桩|电门|电井"
    r"|逆变器|台区|电缆)"
)
LIFE = (
    r"(?:呼吸机|制氧机|氧气机|吸氧|透析|吸痰|监护仪|保温箱|插着管|靠.{0,4}吊着|急救|手术|离不了氧"
    r"|icu|ventilator|oxygen|dialysis|life support|breathing machine|incubator|operation)"
)
DARK = (
    r"(?:停电|没电|没有电|断电|失电|没得电|莫得电|电池|停了|报警|用不了|备用电源"
    r"|power|electricity|outage)"
)
METAL = (
    r"(?:龙头|水管|花洒|淋浴头|喷头|水池|水槽|栏杆|护栏|铁门|门把手?|暖气片|晾衣杆|外壳|机壳|墙[上面壁]"
    r"|洗澡的?水)"
)
"""What people touch, which must never be live."""
LIVE_METAL = rf"{METAL}.{{0,4}}(?<![没冇无不])[有带通]电(?![器线表梯热源伴])"
STATION = r"(?:变电站|变压器|变电箱|配电箱|电线杆|铁塔|高压线|配电柜)"
EN_LINE = r"(?:wires?|lines?|cables?|poles?|conductors?)"
IN_SOCKET = (
    r"(?:手|指头?|孩|娃|宝宝|钥匙|铁丝|筷子).{0,4}[伸插戳塞捅][进到入]了?.{0,3}(?:插座|插孔|插排)"
)
EN_IN_SOCKET = (
    r"\b(?:fingers?|hands?|fork|knife|keys?|nail|pin|screwdriver|spoon|stick)\b.{0,16}"
    r" (?:in|into|inside) .{0,10}\b(?:sockets?|outlets?)\b"
)
EN_METAL = (
    r"(?:taps?|faucets?|showers?|sinks?|pipes?|radiators?|railings?|fences?|gates?|door ?knobs?"
    r"|handles?|casings?|fridges?|washing machines?|heaters?|boilers?)"
)
EN_LIVE_METAL = (
    rf"\b{EN_METAL} (?:is|are|feels?|seems?|went|became|has become) (?:live|electrified)\b"
    r"|\b(?:electricity|current) in the (?:tap|faucet|shower|sink|water)\b"
)

SIGNS = [
    re.compile(pattern)
    for pattern in (
        r"着火|起火|失火|走火|冒火|明火|火苗|火花|火星|火光|火球|打火|滋火|蹦火|着货|火!|🔥",
        r"烧着|烧起来|烧焦|在烧",
        r"冒.{0,3}[烟咽]|浓烟|黑烟|白烟|出烟|点烟|烟.{0,2}很大|烟雾",
        r"糊味|焦味|焦糊|糊的味|烧.{1,4}味|胶味|塑料味",
        r"爆炸|炸了|炸咧|要炸|炸裂|爆了|砰砰响|放炮|弧光|放电|噼里啪啦|噼啪|滋滋|滋啦|吱吱|哧哧|啪啪响",
        r"触[电店]|中电|走电|漏电|带电|电死|电人|被.{0,4}(?<![停断掐拉])电[了到倒着打]|电[到倒]了?人|被电|电打了",
        LIVE_METAL,
        IN_SOCKET,
        r"麻手|手麻|发麻|麻麻的|麻了一下|被麻|麻到|老虎咬人|捅插座",
        rf"{LINE}.{{0,10}}(?:断(?!电)|缠|掉|垂|耷拉|倒|塌|搭|挂|歪|砸|裂|着[了咧]|红了|低得|露着|裸露)",
        rf"{LINE}.{{0,8}}(?:不到.{{0,3}}米|扯下|调下|横在|快挨)",
        rf"(?:断|掉|垂|耷拉|刮|压|扯|挂|碰).{{0,6}}{LINE}|根断线|线(?:还搭|还在地|挂断|断了|掉下|扯下|露在|搭在|压得)",
        r"(?:^|[,.!?;…\s])线(?:断|掉|垂|倒|着)了?",
        rf"{BOX}.{{0,8}}(?:发烫|烫手|滴水|进水|泡|淹|烧化|发黑|发红|敞着|被撬|着[了咧])",
        rf"(?:漏水|进水|水淹|淹|积水|喷|水里|水漫|洪水).{{0,10}}{BOX}",
        rf"{LIFE}.{{0,40}}{DARK}|{DARK}.{{0,40}}{LIFE}",
        r"救命|快救人|人快不行|喘不过来|喘不上气|透不过气|活不了|出人命|别过去",
        rf"(?:躺|趴|倒在|不动弹).{{0,10}}(?:{LINE}|的线)|{LINE}.{{0,10}}(?:躺|趴|不动)",
        r"要求(?:马上|立即)?拉闸|请立即停电|先断电|紧急断开",
        rf"(?:爬|翻|钻|捅|玩|耍|扔|掏).{{0,8}}{STATION}",
        rf"{STATION}.{{0,10}}(?:爬|翻|玩|耍|捅|钓鱼|放风筝)",
        r"\b(?:on fire|fire|flames?|smok(?:e|ing)|sparks?|sparking|arcing|burning|burnt|zapped)\b",
        r"\b(?:explo(?:ded|sion|ding)|electrocut\w*|electric shock|got (?:a )?shock\w*)\b",
        r"\bcrackling\b",
        r"\b(?:burn\w*|scorch\w*|melt\w*|plastic|rubber|electrical)\b.{0,10} smell\b",
        r"\bsmell\w*\b.{0,24}\b(?:burn\w*|scorch\w*|melt\w*|plastic|rubber)\b",
        EN_LIVE_METAL,
        rf"\b{EN_METAL}(?: (?:gives?|gave|keeps?|is)(?: \w+)?)?(?: an?)?"
        r" (?:shock(?:s|ed|ing)?|zaps?)\b",
        EN_IN_SOCKET,
        rf"\b(?:touched|grabbed|bit) .{{0,8}}\b(?:bare|exposed) .{{0,10}}{EN_LINE}\b",
        rf"\b{EN_LINE}\b.{{0,30}}\b(?:down|fell|fallen|falling|hanging|snapped|broken?|low|burn\w*)\b",
        rf"\b(?:downed|fallen|hanging|broken|sagging|snapped|live) .{{0,12}}{EN_LINE}\b",
        r"\bflood\w*\b.{0,40}\b(?:live|switchboard|sockets?|outlets?|electric\w*)\b|\bblue flash",
        r"\b(?:substation|transformer) fence\b",
    )
]

DENIED = re.compile(
    r"(?:没有?(?!有?电)|没得|莫得|冇|无|不是|并未|未|不|没闻到|没见|怕(?!是))[^,.!?;]{0,3}$"
    r"|(?:\bno|\bnot|\bwithout|n't|\bnothing|\bnever)\b[^,.!?;]{0,16}$"
)
DENIED_INSIDE = re.compile(r"[没未](?:有)?(?:断|掉|垂|倒|塌|着|烧|冒|进水|泡|淹)")
DENIED_AFTER = re.compile(r"^.{0,4}(?:没有|都没|啥的没|是没有)")
OVER = re.compile(
    r"扑灭|灭了|熄了|没事|处理[好过完了]|修[好过]|换[好了]|接好|散了|走了|解除|赔|投诉|早没有|已经?断"
    r"|断开了|是好的|老早的事|关了|拉了闸"
    r"|put out|long out|\bout now|fixed|repaired|\bover\b|handled|compensat\w*|refund|complaint"
)
PAST = re.compile(
    r"昨天|昨晚|昨日|前天|前几天|上个?(?:周|月|次|回|礼拜|星期)|去年|以前|之前|早|当时|刚才|那次|那回"
    r"|年|曾|已经?拉了闸|yesterday|\bago\b|earlier"
    r"|last (?:week|month|year|night|monday|tuesday|wednesday|thursday|friday)"
)
STILL = re.compile(
    r"现在.{0,6}(?:冒|着|烧|火|烟|断|掉)|又|还在|还是|还搭|仍|正在|刚刚|越来越|可是|但是"
    r"|\bagain\b|\bstill (?!have no)|keeps?\b"
)
LATER = re.compile(r"往后|以后|将来|凡是|计划停电|in future|from now on")
ELSEWHERE = re.compile(
    r"煤气|燃气|天然气|液化气|瓦斯|打火机|打不着火|点火器|灶|发火|火冒三丈|气得.{0,3}冒烟|要冒烟了|上火|火车|火箭"
    r"|火锅|红烧|烧烤|电子烟|抽烟|要烟|发烧|烧了好多度|烧掉|触电了哈哈|爱情|放鸽子|老板放电"
    r"|水管爆了|气球|爆了冷门|心态炸了"
    r"|亏麻|麻辣|麻将|密密麻麻|麻烦|\bgas\b|lighter|fire ?wall|firewood|fire me|\bfired\b|cigarette"
    r"|smoking area|smoking hot|smoke detectors?|power bank|\bbills? .{0,20}shock\w*"
)
FICTION = re.compile(r"电影|小说|游戏|歌词|作文|漫画|里演|演的|poem|movie|film|essay|song|\bgame")
CLAUSE = re.compile(r"[,.!?;:。…]+|(?<=[\u4e00-\u9fff])\s+|但是|但|不过|可是|然后|\bbut\b")


def read(text: str) -> Reading:
    """`present`: a sign stands undenied; `taken_back`: all that stand are denied, past, to come."""
    said = ELSEWHERE.sub(lambda match: "□" * len(match.group()), plain(text))
    signs = [match for sign in SIGNS for match in sign.finditer(said)]
    if not signs or FICTION.search(said):
        return "none"
    if all(_denied(said, match) for match in signs) or _over(said):
        return "taken_back"
    return "present"


def _denied(said: str, sign: re.Match[str]) -> bool:
    """Denied within its own clause: 没有冒烟, no smoke or sparks, 线没断."""
    begin = max((cut.end() for cut in CLAUSE.finditer(said, 0, sign.start())), default=0)
    return bool(
        DENIED.search(said[begin : sign.start()])
        or DENIED_INSIDE.search(sign.group())
        or DENIED_AFTER.match(said[sign.end() :])
    )


def _over(said: str) -> bool:
    """Past and dealt with, or yet to come, and nothing says that it goes on."""
    if STILL.search(said):
        return False
    return bool(OVER.search(said) and PAST.search(said)) or bool(LATER.search(said))
