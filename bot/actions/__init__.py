"""What the assistant does. One module a topic, over one client of the portal (`api.py`).

How a topic is made
-------------------
1. `domain/<topic>.yml`: its responses, actions, slots and forms. Intents and entities stand in
   `domain/common.yml` once. Chinese is the default, English a variation beside it:

       utter_bills_which:
       - text: 这段时间有几张账单，说哪一张？
       - condition: [{type: slot, name: language, value: en}]
         text: There are several bills in that time. Which one?

   Payloads of buttons double their braces: `/query_bill{{"period":"上个月"}}`.
   A slot that a form fills is `influence_conversation: false` unless a rule asks for it.
2. `data/rules/<topic>.yml`: what each intent leads to; forms start and submit in rules.
   `tests/test_<topic>.yml`: a story for every way out of a form and back.
3. `actions/<topic>.py`: subclasses of `topic.Topic` with a name and `act(turn)`, which returns
   events. A `say.Turn` says responses, shows cards and asks the portal. Refusals need no care:
   `Topic` says the portal's sentence, asks to sign in, offers the accounts to choose from, or,
   when the portal is silent, says so kindly and names the menu and a person.
   A form that does something is an `Errand`, see `forms.py`.
4. Cards are references, never data: `turn.card("bill", bill_no=…)`. Kinds and fields are listed
   in `say.CARDS`. Sentences that come from the portal are said as they are: `turn.sentence(…)`.
5. A wish that has to wait is kept in the slot `pending_wish` ({"text", "parse"}); the channel
   (`channels/turns.py`) serves it once no form is active. The channel also reads taps, titles and
   numbers of buttons, and questions that are carried on, so an action only sees intents.
6. What must not happen twice is posted with the `key` of its draft, made when the draft begins.
"""
