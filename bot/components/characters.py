"""One spelling for what people type: width, case, commas, traditional characters."""

from __future__ import annotations

import unicodedata

# Traditional characters people type for our subjects, each beside its simplified form.
TRADITIONAL = (
    "電电費费錶表單单號号戶户賬账帳账繳缴錢钱額额裝装請请辦办過过變变壓压線线樁桩車车燈灯機机熱热濾滤風风頭头門门閘闸"
    "開开關关斷断來来給给個个麼么這这幾几們们讓让說说話话語语誰谁還还沒没進进遲迟遠远邊边裡里裏里後后時时間间問问題题"
    "應应該该會会對对錯错為为從从東东區区樓楼棟栋層层廳厅業业務务員员廠厂貴贵買买賣卖資资質质貼贴價价減减增增節节約约"
    "計计記记設设備备證证識识調调談谈論论謝谢點点歲岁歷历曆历雙双發发票票現现實实見见視视覺觉觀观聽听聲声腦脑臉脸"
    "腳脚體体醫医藥药療疗養养飯饭館馆餘余銀银銷销鐘钟鍋锅鐵铁長长陽阳陰阴離离難难雞鸡電电雲云霧雾靈灵靜静預预領领類类"
    "願愿飛飞餓饿驗验驚惊髒脏鬧闹氣气水水滿满濕湿火火災灾煙烟無无爾尔燒烧爐炉爺爷獨独獎奖當当異异畫画盤盘碼码"
    "禮礼種种積积穩稳窮穷筆笔筍笋範范簡简糾纠紅红級级細细終终組组結结絕绝統统經经綁绑網网緊紧線线編编總总績绩繼继續续"
    "羅罗義义習习聯联職职膠胶興兴舊旧莊庄華华萬万葉叶蘇苏處处蟲虫術术衛卫補补複复規规親亲訂订託托訊讯許许訴诉診诊詢询"
    "試试詳详誤误課课請请諾诺講讲護护讀读譯译豐丰貓猫貨货責责費费賠赔賺赚購购贈赠贏赢趕赶躍跃軍军軟软輕轻輛辆輪轮輸输"
    "轉转農农運运達达違违遞递適适選选遺遗郵邮鄉乡釋释針针鈕钮銅铜鋪铺錄录鎮镇鎖锁鏈链闆板陸陆險险隨随隱隐雖虽響响頁页"
    "順顺須须頓顿頻频顆颗顯显餐餐駁驳騎骑騙骗鮮鲜麗丽麥麦黃黄齊齐龍龙咗了冇没係是唔不嘅的啲些嚟来乜什揾找睇看畀给佢他"
)
SIMPLER = dict(zip(map(ord, TRADITIONAL[::2]), TRADITIONAL[1::2], strict=True))


def plain(text: str) -> str:
    """The text in half width, lower case and simplified characters; the wording stays.

    >>> plain("ＡＢ１２，電費")
    'ab12,电费'
    """
    return unicodedata.normalize("NFKC", text).lower().translate(SIMPLER).replace("、", ",")
