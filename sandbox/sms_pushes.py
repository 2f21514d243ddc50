"""What the providers of text messages owe their merchant to be told: reports and replies.

They are pushed as lists, in the form that each provider documents, until the answer is the one
that the provider asks for. The address is registered with the provider: by `--sms-callback`, or
by a tester; without one nothing is pushed.
"""

import json
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from sandbox import clock, conditions, messages
from sandbox.messages import DELIVERY_SECONDS, Message
from sandbox.notices import Schedule

PROVIDERS = ("aliyun", "tencent")
ADDRESS = "sms_callback"
"""The condition that holds the address which a tester registered."""
MOST = 100
LEASE = 15.0
COLUMNS = "id, provider, message_id, reply, state, tries, last_status, last_answer"


@dataclass(frozen=True)
class Push:
    """A report of a message, or somebody's reply (JSON)."""

    id: int
    provider: str
    message_id: int | None
    reply: str | None
    state: str
    tries: int
    last_status: int | None
    last_answer: str | None


def owe_report(db: Connection, provider: str, message_id: int) -> None:
    """The network says what became of a message a little later."""
    db.execute(
        "insert into sms_push (provider, message_id, next_at) values (?, ?, ?)",
        (provider, message_id, clock.now() + DELIVERY_SECONDS),
    )


def owe_reply(db: Connection, provider: str, reply: dict[str, Any]) -> int:
    """Somebody has answered; returns the id of the push."""
    found = db.execute(
        "insert into sms_push (provider, reply, next_at) values (?, ?, ?) returning id",
        (provider, json.dumps(reply, ensure_ascii=False), clock.now()),
    ).fetchone()
    return int(found["id"])


def take_due(db: Connection, provider: str) -> list[Push]:
    """Pushes whose time has come, of one kind. They are due again after the lease."""
    rows = db.execute(
        f"select {COLUMNS} from sms_push where state = 'pending' and provider = ?"  # noqa: S608
        " and next_at <= ? order by next_at, id limit ?",
        (provider, clock.now(), MOST),
    ).fetchall()
    due = [Push(**row) for row in rows]
    taken = [each for each in due if (each.reply is None) == (due[0].reply is None)]
    if provider == "tencent" and taken and taken[0].reply is not None:
        taken = taken[:1]  # a reply comes alone
    db.executemany(
        "update sms_push set next_at = ?, tries = tries + 1 where id = ?",
        [(clock.now() + LEASE, each.id) for each in taken],
    )
    return taken


def record(
    db: Connection,
    pushes: list[Push],
    schedule: Schedule,
    *,
    heard: bool,
    status: int | None,
    answer: str,
) -> None:
    """How the try went: heard, to be tried again, or given up."""
    for push in pushes:
        tries = push.tries + 1
        state = "delivered" if heard else "given_up" if tries >= schedule.limit else "pending"
        db.execute(
            "update sms_push set state = ?, next_at = ?, last_status = ?, last_answer = ?"
            " where id = ?",
            (state, clock.now() + schedule.pause(tries), status, answer, push.id),
        )


def free_taken(db: Connection) -> None:
    """Those that an earlier process did not finish are due at once."""
    db.execute(
        "update sms_push set next_at = ? where state = 'pending' and tries > 0", (clock.now(),)
    )


def resend(db: Connection, push_id: int) -> bool:
    """Push once more whatever became of it; False when there is none of this id."""
    changed = db.execute(
        "update sms_push set state = 'pending', tries = 0, next_at = ? where id = ?",
        (clock.now(), push_id),
    )
    return changed.rowcount == 1


def latest(db: Connection, limit: int = 1000) -> list[Push]:
    """Newest first."""
    rows = db.execute(f"select {COLUMNS} from sms_push order by id desc limit ?", (limit,))  # noqa: S608
    return [Push(**row) for row in rows]


def address(db: Connection, registered: str) -> str:
    """Where pushes go: as a tester registered it, else as the merchant did; or nowhere."""
    return conditions.get(db, ADDRESS) or registered


def body(db: Connection, provider: str, pushes: list[Push]) -> bytes:
    """All of them as one call, in the provider's form."""
    if pushes[0].reply is not None:
        replies = [json.loads(each.reply or "") for each in pushes]
        said: Any = replies[0] if provider == "tencent" else replies
    else:
        form = aliyun_report if provider == "aliyun" else tencent_report
        said = [form(_message(db, each)) for each in pushes]
    return json.dumps(said, ensure_ascii=False).encode()


def _message(db: Connection, push: Push) -> Message:
    row = db.execute("select * from message where id = ?", (push.message_id,)).fetchone()
    return messages.message(row)


def aliyun_report(message: Message) -> dict[str, Any]:
    """SmsReport, as pushed over HTTP."""
    return {
        "phone_number": message.recipient,
        "send_time": message.sent_at,
        "report_time": clock.wall(message.created_at + DELIVERY_SECONDS),
        "success": not message.is_dead,
        "err_code": "MOBILE_NOT_ON_SERVICE" if message.is_dead else "DELIVERED",
        "err_msg": "手机停机、空号" if message.is_dead else "用户接收成功",
        "sms_size": str(message.content["segments"]),
        "biz_id": message.message_id,
        "out_id": message.client_id,
    }


def tencent_report(message: Message) -> dict[str, Any]:
    """The call that tells of deliveries; it does not say whose session it was."""
    return {
        "user_receive_time": clock.wall(message.created_at + DELIVERY_SECONDS),
        "nationcode": "86",
        "mobile": message.recipient,
        "report_status": "FAIL" if message.is_dead else "SUCCESS",
        "errmsg": "MK:0001" if message.is_dead else "DELIVRD",
        "description": "空号" if message.is_dead else "用户短信送达成功",
        "sid": message.message_id,
    }


def reply(provider: str, phone: str, signature: str, words: str) -> dict[str, Any]:
    """What somebody answered (SmsUp; SMS reply), as each provider says it."""
    if provider == "aliyun":
        return {
            "phone_number": phone,
            "send_time": clock.wall(clock.now()),
            "content": words,
            "sign_name": signature,
            "dest_code": "8888",
            "sequence_id": int(clock.now() * 1_000_000),
        }
    return {
        "extend": "",
        "mobile": phone,
        "nationcode": "86",
        "sign": signature,
        "text": words,
        "time": int(clock.now()),
    }


def is_heard(provider: str, status: int | None, answer: str) -> bool:
    """Aliyun wants a `code` of 0, Tencent a `result` of 0."""
    if status is None or not 200 <= status < 300:
        return False
    try:
        said = json.loads(answer)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("code" if provider == "aliyun" else "result") == 0
