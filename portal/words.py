"""Sentences for the codes that the rooms below speak in: refusals, tariff lines, explanations.

A refusal carries a code and figures; here is what a person reads. A test fails when a code has
no sentence, or a sentence no English.
"""

from datetime import datetime
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal import formats
from portal.i18n import language
from portal.settings import current_settings
from runtime.errors import Refused
from service.requests.kinds import Words

REFUSALS: dict[str, LazyString] = {
    "sign_in": _l("这要先登录，才知道是您的。"),
    "unauthorized": _l("没有令牌，或者令牌不对。"),
    "malformed": _l("没有听明白要查什么、办什么。换个说法再说一遍。"),
    "not_found": _l("没有找到您说的这一件。换个说法再说一遍。"),
    "unavailable": _l("系统正在维护，数据没丢。10 分钟后再试；停电和急修随时打 %(hotline)s。"),
    "assistant.too_often": _l("办得太快了，%(retry_at)s 以后再来，或打 %(hotline)s。"),
    "account.not_yours": _l(
        "您的名下没有这个户号。要看这一户，先绑定：要户号、户名和登记手机的后四位。"
    ),
    "account.none": _l("您还没有绑定户号。先绑定：要户号、户名和登记手机的后四位。"),
    "account.which": _l("您有 %(count)s 个户号，要看哪一个？"),
    "period.backwards": _l("开始的日子在结束的日子后面。再说一遍从哪天到哪天？"),
    "bill.none_yet": _l("还没有出过账单，出了就在这里。"),
    "tariff.unknown": _l("这一户的电价资料还没有送到。急用就打 %(hotline)s。"),
    "payment.nothing_owed": _l("没有要缴的。"),
    "payment.bill_and_amount": _l("账单照它的数付；要付别的数，就不说哪张账单。"),
    "outages.one_place": _l("说户号，或者说地方，说一样就行。"),
    "payment.amount_missing": _l("这一户是先充后用，要充多少？"),
    "notice.news": _l("活动和新服务要您看过、同意了才发，请在“提醒设置”里点同意。"),
    "notice.not_reached": _l("%(channel)s现在还送不到您那里，先在“提醒设置”里弄好，再来改。"),
    "notice.other_way": _l("这一类提醒不用%(channel)s发。"),
    "campaign.no_name": _l("给它起个名字。"),
    "campaign.kind": _l("选一选是哪一类消息。"),
    "campaign.no_words": _l("中文和英文的标题、正文都要写。"),
    "campaign.words_long": _l("标题最多 %(title)s 个字，正文最多 %(text)s 个字；英文可以长一倍。"),
    "campaign.pace": _l("一分钟发 1 到 %(most)s 人。"),
    "campaign.link": _l("只能点开我们自己的页面。"),
    "campaign.nobody": _l("按这些条件一个人也没有，先改“发给谁”。"),
    "campaign.state": _l("它已经不在这一步了，刷新看看。"),
    "campaign.not_found": _l("没有这个群发。"),
    "segment.no_name": _l("给这群人起个名字。"),
    "segment.known": _l("已经有一群人叫“%(name)s”，换个名字。"),
    "segment.area": _l("没有编号是 %(area)s 的台区，再看一眼。"),
    "segment.not_found": _l("没有存过这群人。"),
    "invoice.not_offered": _l("这里现在开不了电子发票，请打 %(hotline)s。"),
    "sign_in.wrong": _l("手机号或密码不对。想不起来密码，就用短信验证码登录。"),
    "sign_in.wrong_few": _l(
        "手机号或密码不对，还能试 %(left)s 次。想不起来密码，就用短信验证码登录。"
    ),
    "sign_in.locked": _l(
        "密码试得太多了，%(retry_at)s 以后再试。不想等，现在就可以用短信验证码登录。"
    ),
    "network.locked": _l(
        "从您这个网络来的尝试太多了，%(retry_at)s 以后再来，或换个网络。急用就打 %(hotline)s。"
    ),
    "code.wrong": _l("验证码不对，还能试 %(left)s 次。请看最新的那一条短信。"),
    "code.missing": _l("请填短信里的 6 位数字"),
    "code.used_up": _l("这个验证码试了太多次，已经作废。请重新要一个。"),
    "code.expired": _l("验证码过了 5 分钟，或者还没有要过。请重新要一个。"),
    "code.too_soon": _l("刚发过一条，%(seconds)s 秒后可以再要。"),
    "code.too_many": _l(
        "往这个手机号要的验证码太多了，%(retry_at)s 以后才能再要。"
        "设过密码的，现在可以用密码登录；没有就打 %(hotline)s。"
    ),
    "second.wrong": _l("密码不对。想不起来，请管理员给您一个新的。"),
    "second.other": _l("这一样已经给过了，第二步要另一样。"),
    "second.codes_spent": _l(
        "今天要的验证码太多了，%(retry_at)s 以后才能再要。现在可以用通行密钥，或请管理员看一下。"
    ),
    "second.locked": _l("第二步试得太多了，%(retry_at)s 以后再试。现在还进得来的办法是通行密钥。"),
    "staff.not_found": _l("没有这位同事，可能已经不在了。"),
    "staff.nameless": _l("新来的同事要写名字。"),
    "staff.known": _l("这个手机号已经是同事了，到他的那一页去改。"),
    "staff.is_customer": _l("这个手机号是客户自己用的登录。请用另一个手机号。"),
    "staff.no_role": _l("请选一个岗位。"),
    "staff.same_role": _l("已经是这个岗位了。"),
    "staff.own": _l("自己的岗位和密码，要请另一位管理员改。"),
    "staff.not_admin": _l("您已经不是管理员了，没有改。"),
    "staff.closed": _l("这个登录停用了。先恢复，再给新密码。"),
    "staff.changed": _l("申请以后岗位又变过了，不能照批。请先不批，再重新申请。"),
    "staff.lead_approves": _l("给岗位要班长或管理员批。"),
    "insight.no_warning": _l("这个提醒已经有人看过了。"),
    "insight.note_missing": _l("写一句是怎么回事。"),
    "reminders.paused": _l("提醒已经停了。"),
    "reminders.running": _l("提醒没有停。"),
    "trail.reason_needed": _l("写一句为什么要看、要办。这一句会留下来。"),
    "user.not_registered": _l("这个手机号还没有注册。注册只要一分钟。"),
    "user.already_registered": _l("这个手机号已经注册过了，直接登录就行。"),
    "user.phone_malformed": _l("手机号是 11 位数字，1 开头。再看一眼？"),
    "user.number_malformed": _l("写手机号，或者带区号的座机号，比如 027-88886666。"),
    "password.too_short": _l("密码至少要 %(least)s 位。"),
    "password.too_long": _l("密码最长 %(most)s 位。"),
    "password.too_common": _l("这个密码太容易猜到。换一个只有您知道的。"),
    "password.like_phone": _l("密码里不要用自己的手机号。"),
    "password.wrong": _l("现在的密码不对。"),
    "password.wrong_few": _l("现在的密码不对，还能试 %(left)s 次。"),
    "password.locked": _l(
        "现在的密码试得太多了，%(retry_at)s 以后再试。不想等，就用短信验证码改。"
    ),
    "wechat.not_found": _l("那个微信已经断开了。"),
    "session.not_found": _l("那台设备已经退出了。"),
    "invoice.nothing_chosen": _l("请至少选一张账单。"),
    "invoice.too_many": _l("一张发票最多开 %(most)s 张账单，请分几次开。"),
    "invoice.accounts_mixed": _l("一张发票只能开一个户号的账单，请分开开。"),
    "invoice.bill_taken": _l("选的账单里有还没缴清的，或者已经开过票的。请再看一眼。"),
    "invoice.form_wrong": _l("专用发票只能开给单位。换一个单位抬头，或者开普通发票。"),
    "invoice.not_found": _l("您没有这张发票，或者它还没有开好。"),
    "title.not_found": _l("您没有这个抬头。请选一个，或者添加一个。"),
    "title.name_missing": _l("请填抬头"),
    "title.tax_no_wrong": _l("代码是 18 位，最后一位对不上。请照营业执照再看一眼。"),
    "title.too_many": _l("抬头最多存 %(most)s 个，请先删掉不用的。"),
    "outage.not_found": _l("没有这次停电的消息，编号可能不对。"),
    "outage.area_unknown": _l("没有这个片区。从列表里选一个。"),
    "outage.watch_too_many": _l("最多关注 %(most)s 个片区，请先去掉几个。"),
    "inbox.not_found": _l("没有这条消息，可能已经过期了。"),
    "mail.malformed": _l("这个邮箱地址不像是对的。请再看一眼。"),
    "account.not_found": _l("您的名下没有这个户号。"),
    "account.number_malformed": _l("户号是 12 位数字，账单上写着。再看一眼？"),
    "account.already_bound": _l("这个户号您已经绑定了。"),
    "account.not_synced": _l("资料对上了，这一户的账单还在送来的路上。请过 10 分钟再来绑定。"),
    "binding.not_verified": _l(
        "户号、户名和手机尾号对不上。请再对一遍，户名一个字都不能少；"
        "登记的手机换过，就打 %(hotline)s。"
    ),
    "binding.too_many": _l("对不上的次数太多了，%(retry_at)s 以后再来，或打 %(hotline)s。"),
    "binding.ended_by_owner": _l(
        "这一户的户主结束过您的查看。要再绑定，得有登记手机收到的验证码。"
    ),
    "link.not_found": _l("这个人已经看不到这个户号了。"),
    "link.of_holder": _l("对方用的是这一户登记的手机，不能在这里结束。请打 %(hotline)s。"),
    "binding.role_unknown": _l("请选一下这是谁的家。"),
    "account.not_allowed": _l("您在这个户号上不能办这件事。请户主来办，或打 %(hotline)s。"),
    "user.not_found": _l("这个账号已经停用，请打 %(hotline)s。"),
    "period.unknown": _l("没有这个月、这一天。从前面的列表里再找找看。"),
    "page.unknown": _l("没有这一页。从前面的列表里再找找看。"),
    "bill.not_found": _l("您的名下没有这张账单。"),
    "bill.settled": _l("选中的账单里有已经缴清的，不用再付。请看最新的列表。"),
    "bill.being_credited": _l("这笔钱已经收到，正在记账。最迟 10 分钟，不用再付。"),
    "bill.being_paid": _l("有人正在付这张账单。%(until)s 还没付成，您再来付。"),
    "arrangement.none": _l("没有这个安排，可能已经结束了。"),
    "arrangement.no_bills": _l("请至少选一张还没缴的账单。"),
    "arrangement.day": _l("请从列表里选一天。"),
    "arrangement.prepaid": _l("这一户是先充后用的，不能往后推。有困难打 %(hotline)s。"),
    "arrangement.nothing_owed": _l("这一户现在不欠电费，不用安排。"),
    "arrangement.promised_before": _l("这里有账单已经说好过一回，不能再推。有困难打 %(hotline)s。"),
    "arrangement.amount_changed": _l(
        "欠的数刚刚变了，现在是 %(amount_fen)s。再看一眼日子和金额，对了就再点一次。"
    ),
    "arrangement.unseen": _l("先看清楚日子和金额，对了再点一次。"),
    "arrangement.living": _l("这一户已经有一个安排了，看看下面的。"),
    "arrangement.parts": _l("请选一个列出来的次数。"),
    "arrangement.part_too_small": _l("分得太细了，每次至少 %(least_fen)s。少分几次。"),
    "arrangement.reason_missing": _l("写一两句为什么要分期，我们好答复您。"),
    "arrangement.broken_lately": _l(
        "上一次没有按说好的缴，%(until)s 以前不能分期。有困难打 %(hotline)s。"
    ),
    "arrangement.asked_lately": _l(
        "不久前的分期申请收回了或者没有同意，%(until)s 以前不能在网上再申请。有困难打 %(hotline)s。"
    ),
    "arrangement.decided": _l("这件已经有了结果，刷新看最新的。"),
    "arrangement.out_of_date": _l("第一次缴的日子已经过了，不能再同意。请客户重新申请。"),
    "arrangement.note_missing": _l("不同意要写清楚为什么，客户会看到。"),
    "disconnection.none": _l("没有这次停电，可能已经取消了。"),
    "disconnection.over": _l("这次停电已经有了结果，刷新看最新的。"),
    "disconnection.living": _l("这一户已经有一次停电在办了。"),
    "disconnection.prepaid": _l("这一户先充后用，照购电的约定办。"),
    "disconnection.paid": _l("没有逾期的电费，或者钱收到了，正在记账。"),
    "disconnection.not_overdue": _l("逾期还没有超过 %(days)s 天。"),
    "disconnection.protected": _l("这一户受保护，不停电。"),
    "disconnection.low_income": _l("低保户不停电。"),
    "disconnection.season": _l("那个月在高温、严寒的保护期里，不停电。"),
    "disconnection.arrangement": _l("客户说好了缴费的日子，或者申请了分期在等答复。"),
    "disconnection.disputed": _l("逾期的账单有争议，正在核对。核对完再说。"),
    "disconnection.hour": _l("请选列出来的一天和一个钟点。"),
    "disconnection.day_off": _l("那天或者第二天休息。选一个第二天也上班的工作日。"),
    "disconnection.too_far": _l("最多提前 %(days)s 天申请。"),
    "disconnection.notice_short": _l("来不及通知了：至少要提前 %(days)s 天送到。换一天。"),
    "protection.none": _l("这一户没有保护，刷新看最新的。"),
    "protection.reason": _l("请选一个保护的原因。"),
    "protection.until": _l("日子填得不对，要从今天起，写成 2027-03-31 这样。"),
    "refund.not_found": _l("没有这笔退款。"),
    "refund.not_posted": _l("这笔付款还没有记到账上，或者已经全部退了。现在没有能退的。"),
    "refund.nothing": _l("至少给一个户号填上要退多少。"),
    "refund.too_much": _l("户号 %(account_no)s 最多还能退 %(left_fen)s。"),
    "refund.reason_missing": _l("请选一个原因；选“其他”时写上几个字。"),
    "refund.not_stuck": _l("这笔退款不用再试：它已经在路上，或者退好了。"),
    "customer.not_found": _l("没有这个客户。再看一眼号码？"),
    "customer.reason_missing": _l("写一句为什么。"),
    "rebill.replaced": _l("这张账单已经作废，换了新的。刷新看最新的账单。"),
    "rebill.under_way": _l("这张账单已经在重新出了，或者已经出好了。"),
    "export.unknown": _l("请选要导出什么。"),
    "export.gone": _l("这个文件过期了，或者不是您申请的。还要，就再申请一次。"),
    "approval.not_found": _l("没有这件要批的事。"),
    "approval.asked": _l("这一件已经有人申请了，正等着批。"),
    "approval.decided": _l("这一件别人已经办了。"),
    "approval.role": _l("您的岗位不批这一件，请班长或管理员来批。"),
    "approval.own": _l("自己申请的要请别人批。"),
    "approval.not_own": _l("这一件不是您申请的，不能收回。"),
    "wording.not_found": _l("没有这一条措辞。"),
    "wording.no_draft": _l("没有草稿，可能别人已经办了。"),
    "wording.waiting": _l("这一条正等着批，先收回再改。"),
    "wording.same": _l("和在用的一样，没有要改的。"),
    "wording.faulty": _l("还有地方要改，改好再存。"),
    "wording.reason_missing": _l("写一句为什么改。"),
    "wording.lead_approves": _l("措辞由班长或管理员批。"),
    "wording.own": _l("这是您写的，要请别人批。"),
    "wording.code_unfit": _l("编号最多 %(most)s 个字，中间没有空格。"),
    "wording.part_empty": _l("这里不能空着。"),
    "wording.part_unknown": _l("没有这一栏。"),
    "wording.not_plain": _l("花括号里只能写名字，比如 {amount}，成对地写。"),
    "wording.name_unknown": _l("没有 {%(name)s} 这一项，有的是：%(known)s。"),
    "wording.too_long": _l("填上样例有 %(length)s 个字，最多 %(most)s 个。"),
    "wording.key_unfit": _l("微信不收“%(value)s”这样的值，换个写法。"),
    "difference.not_found": _l("没有这处差异。"),
    "difference.settled": _l("这处差异已经有人在办，或者已经办好了。"),
    "difference.no_such_action": _l("这个办法在这里用不上，请另选一个。"),
    "difference.no_reason": _l("请写一句为什么。"),
    "order.not_found": _l("您的名下没有这笔付款。"),
    "order.nothing_due": _l("没有要缴的。"),
    "order.nothing_chosen": _l("还没有选要缴哪一张账单。"),
    "order.amount_changed": _l("要缴的数变了，现在是 %(amount_fen)s。没有付款，请看过再付。"),
    "order.amount_unseen": _l("没看清您同意付多少，没有付款。请看过下面的数再付。"),
    "order.in_the_way": _l("上一次付款还没结束，请过一分钟再试。钱没有扣。"),
    "order.unclear": _l("还没等到上一笔付款的结果。先别再付，过几分钟再来看。"),
    "order.open": _l("上一次付款还没结束。先付完它，或者取消它。"),
    "agreement.not_found": _l("您没有签过这份自动缴。"),
    "agreement.exists": _l("这一户已经有人开了自动缴，不用再开。"),
    "agreement.being_signed": _l("有人正在给这一户开自动缴，%(until)s 还没签好，您再来开。"),
    "agreement.prepaid": _l("这一户是先充后用，电费从余额里扣，不用开自动缴。"),
    "agreement.closed": _l("这一户已经销户，不用开自动缴。"),
    "amount.malformed": _l("金额照 149.51 这样写，最多两位小数。"),
    "amount.too_small": _l("最少缴 %(least_fen)s。"),
    "amount.too_large": _l("一次最多缴 %(most_fen)s，可以分几次缴。"),
    "threshold.postpaid": _l("这一户先用电后缴费，没有余额要提醒。"),
    "threshold.out_of_range": _l("提醒的数从 %(least_fen)s 到 %(most_fen)s。"),
    "threshold.malformed": _l("金额照 80 或 149.51 这样写，最多两位小数。"),
    "where.too_often": _l("查得太勤了，%(retry_at)s 以后再查。钱在哪都不会丢。"),
    "gateway.not_offered": _l("这种付款方式现在用不了，换一种试试。"),
    "gateway.unavailable": _l("付款通道暂时连不上。没有付款，钱没有扣。换一种方式试试。"),
    "order.unconfirmed": _l("这一笔数额大，要先确认是您本人。没有付款。"),
    "confirmation.no_codes": _l(
        "今天要的验证码太多了，%(retry_at)s 以后才能再要。有通行密钥的，现在就可以用它确认；"
        "没有就打 %(hotline)s。"
    ),
    "confirmation.locked": _l(
        "确认试得太多了，%(retry_at)s 以后再试，或打 %(hotline)s。没有付款。"
    ),
    "limit.too_high": _l("最高 %(most_fen)s：再大的付款，总要先确认是您本人。"),
    "limit.malformed": _l("金额照 2000 或 149.51 这样写，最多两位小数。"),
    "proof.needed": _l("先确认是您本人，再办这件事。"),
    "passkey.refused": _l("这次的通行密钥没有对上。再试一次，或用短信验证码。"),
    "passkey.expired": _l("等得太久，或这一次已经用过了。请再试一次。"),
    "passkey.unknown": _l("您的名下没有这把通行密钥，可能已经删掉。换一把，或用短信验证码。"),
    "passkey.unverified": _l(
        "设备没有验证是您本人（指纹、面容或锁屏密码）。再试一次，或用短信验证码。"
    ),
    "passkey.copied": _l(
        "这把通行密钥可能被人复制过，已经停用。请用短信验证码，再到“我的”里删掉它，另添一把。"
    ),
    "passkey.known": _l("这把通行密钥已经添加过了。"),
    "passkey.not_found": _l("您的名下没有这把通行密钥。"),
    "passkey.too_many": _l("最多存 %(most)s 把通行密钥。先删掉不用的。"),
    "preference.unknown": _l("没有这一项可以选。刷新一下再试。"),
    "preference.quiet_hours": _l("不打扰的时间只能比 21:00–8:00 长，白天要留一段给我们。"),
    "preference.daily_cap": _l("一天最多几条，填 1 到 99。"),
    "preference.link": _l("这个退订的链接不对，可能没有复制全。登录以后在“提醒设置”里也能改。"),
    "mail.too_many": _l("今天要的确认信太多了，%(retry_at)s 以后再要。"),
    "mail.expired": _l("它用过一次，或者过了 48 小时。要用邮箱收，就再要一封信。"),
    "push.unknown_service": _l("这个浏览器的提醒服务我们不认识，在这里提醒不了。其他方式照常。"),
    "push.malformed": _l("浏览器给的资料不全，没有开成。刷新一下再试。"),
    "push.too_many": _l("最多在 %(most)s 台设备上提醒。先关掉不用的。"),
    "push.not_found": _l("您的名下没有这台设备，可能已经关掉。"),
    "passkey.none": _l("您还没有能用的通行密钥，请用短信验证码。"),
    "counter.neither": _l("付款码是 16 位数字，户号是 12 位。再扫一次，或再看一眼。"),
    "counter.code_malformed": _l("号码里有一位不对。付款码是 16 位数字，户号是 12 位。"),
    "counter.code_unknown": _l("没有这个付款码。请对一遍号码，还能试 %(left)s 次。"),
    "counter.locked": _l("对不上的付款码太多了，%(retry_at)s 以后再试。"),
    "counter.order_unknown": _l("没有这一笔。回到收款页，再扫一次。"),
    "counter.code_paid": _l("这个码 %(at)s 已经付过了，不要再收。"),
    "counter.code_expired": _l("这个码 %(until)s 到期了。按户号收款，或请客户重新取码。"),
    "counter.code_closed": _l("这个码已经取消。按户号收款，或请客户重新取码。"),
    "counter.code_outdated": _l("码里的账单刚有变化，不要收款。按户号查一下现在该缴多少。"),
    "counter.no_account": _l("没有这个户号。再看一眼？"),
    "counter.too_little": _l("还差 %(missing_fen)s。"),
    "counter.too_much": _l("要找 %(change_fen)s，太多了。再看一眼客户给了多少。"),
    "counter.no_such_coins": _l("现金最小到角，没有分。"),
    "counter.key_reused": _l("这一页已经收过一笔。回到收款页，重新扫码。"),
    "counter.other_amount": _l("收进的现金和该收的 %(amount_fen)s 不一样，没有入账，请退还客户。"),
    "counter.no_shift": _l("您还没有打开钱箱。先打开，再收款。"),
    "counter.shift_open": _l("您已经打开了一个钱箱。交了班，才能开下一个。"),
    "counter.drawer_taken": _l("这个钱箱别人正在用。换一个，或等交班。"),
    "counter.drawer_malformed": _l("钱箱号用数字、字母和横线，最多 16 个。"),
    "counter.float_too_large": _l("备用金最多 %(most_fen)s。"),
    "counter.shift_unknown": _l("您没有这个班。"),
    "counter.receipt_unknown": _l("没有这张收据。"),
    "counter.not_open": _l("这个班已经清点过了。"),
    "counter.difference": _l("数出来 %(counted_fen)s，应该有 %(expected_fen)s。"),
    "counter.count_malformed": _l("张数只写数字。再看一眼？"),
    "counter.refund_not_ready": _l("这笔退款还没有准备好，过几分钟再看。"),
    "counter.drawer_short": _l("钱箱里的现金不够退这一笔。"),
    "counter.payout_gone": _l("这笔现金已经退过了，或还不能退。"),
    "conversation.not_found": _l("这段对话已经结束了。刷新一下，开始新的对话。"),
    "message.empty": _l("还没有写内容。"),
    "message.too_long": _l("一次最多写 %(most)s 个字，请分几条发。"),
    "message.too_many": _l("发得太快了，请等一分钟再发。"),
    "message.key_malformed": _l("这条消息没有发出去，请刷新以后再发一次。"),
    "handoff.phone_needed": _l("现在没有客服在线。留一个电话，手机、座机都行，上班以后给您回。"),
    "handoff.not_found": _l("没有这件要接待的事。"),
    "handoff.taken": _l("这位客户已经有同事接待了。"),
    "handoff.ended": _l("这次接待已经结束了。"),
    "handoff.not_yours": _l("这位客户现在不由您接待，没有发出去。"),
    "handoff.stars": _l("请选一到五颗星。"),
    "handoff.nothing_to_rate": _l("这次服务已经评过了，或者还没有结束。"),
    "canned.not_found": _l("没有这条常用语，可能已经删掉了。"),
    "canned.incomplete": _l("标题、中文和英文都要写。"),
    "canned.too_long": _l("太长了：标题最多 30 个字，内容最多 %(most)s 个字。"),
    "canned.title_taken": _l("已经有一条同名的常用语，换一个标题。"),
    "request.kind_unknown": _l("没有这样的事可以办。从“办事”里再找找看。"),
    "request.not_found": _l("您的名下没有这个受理号。再看一眼？"),
    "request.sign_in": _l("这件事要先登录才能办。"),
    "request.account_missing": _l("请选一下是哪个户号的事。"),
    "request.key_malformed": _l("这一页放得太久了。请重新打开再提交，什么都没有改。"),
    "request.tail_wrong": _l(
        "受理号和手机尾号对不上。受理号在提交后的页面上，尾号看当时留的手机。"
    ),
    "request.too_many": _l("刚才办得太多了，%(retry_at)s 以后再来，或打 %(hotline)s。"),
    "request.cannot_cancel": _l(
        "这件事已经办到一半，或者已经结束，不能在这里撤。请打 %(hotline)s。"
    ),
    "request.moved_on": _l("这一步刚才已经有人做了，或者还没轮到它。看看现在到哪一步了。"),
    "request.paused": _l("在等客户补东西，补来了再往下办。等不了，就先点“不等了”。"),
    "request.needs_missing": _l("写一句要客户补什么。"),
    "request.reason_missing": _l("写一句为什么。"),
    "request.too_late": _l("办完太久了，不能再打开。请重新提交一件，或打 %(hotline)s。"),
    "person.not_found": _l("没有这个人，或者已经不在这里工作了。换一个人。"),
    "desk.team_unknown": _l("没有这个班组。"),
    "desk.filter_name": _l("给它起个名字，再存。"),
    "desk.filters_full": _l("最多存 %(most)s 个，先删掉不用的。"),
    "desk.filter_not_found": _l("这个已经删掉了。"),
    "desk.note_missing": _l("备注是空的，写一句再存。"),
    "desk.note_too_long": _l("备注最长 %(most)s 个字。"),
    "desk.taken": _l("同事先接了，这一件现在在同事手里。"),
    "desk.not_yours": _l("同事先接了这一件。要转，请班长来转。"),
    "desk.deed_unknown": _l("没有这样的办法，什么都没改。"),
    "desk.export_too_long": _l("超过 %(most)s 件，一个文件装不下。先筛小一点，再导出。"),
    "desk.reason_missing": _l("写一句为什么要导出。"),
    "request.talk_closed": _l("这件事办完一个多月了，留言已经关上。请打 %(hotline)s。"),
    "visit.not_needed": _l("这件事现在不用上门，没有时间要约。"),
    "visit.not_offered": _l("这个时间不能约。请从列出的里面选一个。"),
    "visit.full": _l("这个时间刚被约满了。请另选一个，原来约的没有动。"),
    "visit.too_late": _l("离约好的时间太近了，人可能已经在路上。要改就打 %(hotline)s。"),
    "visit.not_found": _l("现在没有约好的时间。"),
    "rating.stars": _l("请选一个：从“很好”到“不好”。"),
    "rating.closed": _l("现在还不能评价，或者办完太久了。有话要说，就在留言里写。"),
    "rating.not_found": _l("没有这个评价。"),
    "rating.followed_missing": _l("写一句怎么处理的。"),
    "request.field": _l("“%(label)s”填得不对。再看一眼？"),
    "request.field.missing": _l("请填“%(label)s”。"),
    "request.field.unknown": _l("多填了一项我们不认识的。"),
    "request.field.not_text": _l("“%(label)s”填得不对。再看一眼？"),
    "request.field.too_long": _l("“%(label)s”太长了，最多 %(most)s 个字。"),
    "request.field.too_short": _l("“%(label)s”太短了，写详细一点，我们好找。"),
    "request.field.phone": _l("“%(label)s”是 11 位手机号，1 开头。再看一眼？"),
    "request.field.point": _l(
        "“%(label)s”写成 31.0912, 113.0826 这样的两个数，要在国内。不知道就空着，写清门牌就行。"
    ),
    "request.field.elsewhere": _l(
        "“%(label)s”不在我们供电的地方。再看一眼；不知道就空着，写清门牌就行。"
    ),
    "request.field.no_photo": _l("请加一张“%(label)s”，没有照片核对不了。"),
    "request.field.choice": _l("“%(label)s”请从给出的里面选一个。"),
    "request.field.number": _l("“%(label)s”请写数字。"),
    "request.field.range": _l("“%(label)s”从 %(least)s 到 %(most)s。"),
    "request.field.day": _l("“%(label)s”请写成 2026-12-14 这样的日期。"),
    "request.field.days": _l("“%(label)s”请选今天起 %(least)s 到 %(most)s 天之间的一天。"),
    "request.field.bill": _l("这个户号没有这张账单。请从列出的里面选一张。"),
    "photo.too_large": _l("这个文件太大了，一个最多 %(most)s MB。"),
    "photo.too_many_pixels": _l("这张照片太大了，换一张小一点的，或者重新拍一张。"),
    "photo.not_one": _l("这个文件不是照片，也不是 PDF，或者坏了。请传 JPEG、PNG、WebP 或 PDF。"),
    "photo.no_pdf": _l("这里要照片，不要 PDF。拍一张，或者截一张图再传。"),
    "photo.heic": _l("HEIC 照片我们读不了。请存成 JPEG 再传，或者截一张图。"),
    "photo.too_many": _l("同一样最多 %(most)s 张，先去掉不要的。"),
    "photo.too_often": _l("照片、文件传得太多了，%(retry_at)s 以后再传。"),
    "photo.closed": _l("这件事已经结束，不能再加照片、文件。"),
    "photo.not_found": _l("没有这张照片、这份文件。"),
    "pdf.not_one": _l("这份 PDF 坏了，打不开。重新存一份再传，或者拍成照片。"),
    "pdf.locked": _l("这份 PDF 加了密码。去掉密码再传，或者拍成照片。"),
    "pdf.too_many_pages": _l("这份 PDF 页数太多，最多 %(most)s 页。只留要用的几页再传。"),
    "pdf.too_slow": _l("这份 PDF 太复杂了。重新存一份再传，或者拍成照片。"),
    "file.infected": _l("这个文件里有病毒，没有收。请换一份，也查一查您的设备。"),
    "file.unchecked": _l(
        "现在没法检查文件是不是安全，先没有收。其他填的都在，10 分钟后再传；急的话打 %(hotline)s。"
    ),
    "field.no_job": _l("这一件不在您手里。看看今天的活。"),
    "field.deed_unknown": _l("没有收下。看看下面填的，改好再交。"),
    "field.other_meter": _l(
        "表号 %(meter_no)s 和这一户登记的不一样。再看一眼；真是这一块，就勾上“我看过两遍”。"
    ),
    "field.done_already": _l("“%(step)s”%(when)s 已经由%(doer)s办好了。"),
    "field.cancelled": _l("客户把“%(what)s”撤回了，不用去了。"),
    "field.rejected": _l("“%(what)s”没有受理，不用去了。"),
    "field.given_away": _l("“%(what)s”改派给了%(holder)s。"),
    "field.taken_back": _l("“%(what)s”调度收回去了，现在没有派给谁。"),
    "field.no_longer": _l("这一件刚刚有了变化，您做的这一步没有算数。"),
    "core.unavailable": _l("电费系统在维护，现在核对不了。10 分钟后再试。"),
}

UNKNOWN_REFUSAL = _l("没有办成，什么都没有改。再试一次，或打 %(hotline)s。")


def refusal(refused: Refused) -> str:
    """The sentence for a refusal. A code without one gets the plain "it did not work"."""
    return refusal_or_none(refused) or str(UNKNOWN_REFUSAL % _figures({}))


def refusal_or_none(refused: Refused) -> str | None:
    """The sentence for a refusal whose code is known here."""
    problem = refused.params.get("problem")
    known = REFUSALS.get(f"{refused.code}.{problem}" if problem else refused.code)
    return known % _figures(refused.params) if known is not None else None


def _figures(params: dict[str, Any]) -> dict[str, Any]:
    spoken = {name: _spoken(name, value) for name, value in params.items()}
    return {"hotline": current_settings().hotline, **spoken}


def _spoken(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return formats.deadline(value) if name == "until" else formats.moment(value)
    if isinstance(value, Words):
        return value.said(language())
    if name.endswith("_fen"):
        return formats.amount(value)
    return value
