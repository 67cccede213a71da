"""What the report says, in English and Russian. {0}, {1} … are the note's values."""

from typing import Final

TITLES: Final = {
    "R01": ("Connection: retained, QoS, ONLINE", "Связь: сохранённое сообщение, QoS, ONLINE"),
    "R02": ("Messages against the official schemas", "Сообщения против официальных схем"),
    "R03": ("stateRequest answered", "Ответ на stateRequest"),
    "R04": ("Factsheet", "Паспорт возможностей (factsheet)"),
    "R05": ("Key of instant actions", "Ключ мгновенных действий"),
    "R06": ("Pick and drop", "Взять и положить"),
    "R07": ("Same order five times, one run", "Один заказ пять раз — один проезд"),
    "R08": ("Malformed messages", "Испорченные сообщения"),
    "R09": ("Order with a far start", "Заказ с далёким началом"),
    "R10": ("Lower orderUpdateId", "Меньший orderUpdateId"),
    "R11": ("Second order while one is driven", "Второй заказ во время первого"),
    "R12": ("Horizon and order update", "Горизонт и обновление заказа"),
    "R13": ("Cancel while driving", "Отмена в движении"),
    "R14": ("Cancel without an order", "Отмена без заказа"),
    "R15": ("Pause", "Пауза"),
    "R16": ("Old order after a newer one", "Старый заказ после нового"),
    "R17": ("Broker restart in mid-order", "Перезапуск брокера посреди заказа"),
    "R18": ("Power cycle and last will", "Выключение питания и «завещание»"),
    "R19": ("Loads", "Сообщения о грузе"),
    "R20": ("Time to accept an order", "Время принятия заказа"),
}

WORDS: Final = {
    "pass": ("pass", "да"),
    "fail": ("FAIL", "НЕТ"),
    "skip": ("skipped", "пропуск"),
    "heading": ("Conformance of robot {0}", "Проверка соответствия робота {0}"),
    "robot": (
        "{0} {1}, VDA 5050 {2}, on {3}",
        "{0} {1}, VDA 5050 {2}, через {3}",
    ),
    "column": ("scenario", "сценарий"),
    "verdict": ("result", "итог"),
    "found": ("what was seen", "что наблюдалось"),
    "profile": ("Profile of this model", "Профиль модели"),
    "written": ("report in {0}", "отчёт в {0}"),
}

TEXTS: Final = {
    "accept_ms": (
        "{0} orders accepted, median {1} ms, 99 % within {2} ms",
        "принято заказов: {0}, медиана {1} мс, 99 % за {2} мс",
    ),
    "action_failed": ("an action failed: {0}", "действие не удалось: {0}"),
    "answered_ms": (
        "answered, median {0} ms, 99 % within {1} ms",
        "отвечает, медиана {0} мс, 99 % за {1} мс",
    ),
    "ask_power_off": (
        "Switch the robot off abruptly (no orderly shutdown), then press Enter.",
        "Выключите робота резко (без завершения работы) и нажмите Enter.",
    ),
    "ask_power_on": (
        "Switch the robot on again, then press Enter.",
        "Включите робота снова и нажмите Enter.",
    ),
    "base_not_driven": (
        "the end of the base was not reached: {0}",
        "конец разрешённого пути не достигнут: {0}",
    ),
    "broker_gone": ("the broker did not come back", "брокер не вернулся"),
    "busy": ("busy with order {0} of another master", "занят чужим заказом {0}"),
    "cancel_error_name": (
        "the error is named {0}, not noOrderToCancel",
        "ошибка названа {0}, а не noOrderToCancel",
    ),
    "cancel_failed": ("the cancel FAILED", "отмена завершилась FAILED"),
    "cancel_unanswered": ("the cancel was not answered: {0}", "на отмену нет ответа: {0}"),
    "cancelled_at_end": (
        "the cancel was answered at the end of the order's way: a longer way tells more",
        "ответ на отмену пришёл в конце пути: более длинный путь скажет больше",
    ),
    "cancelled_nothing": (
        "a cancel without an order is FINISHED instead of FAILED",
        "отмена без заказа даёт FINISHED вместо FAILED",
    ),
    "command_failed": ("{0}: ended with {1}", "{0}: завершилась с {1}"),
    "connection_missing": ("no connection message", "нет сообщения connection"),
    "connection_not_retained": (
        "connection is not retained: a station that starts later knows nothing of the robot",
        "connection не сохраняется: станция, начавшая позже, о роботе не знает",
    ),
    "connection_qos0": ("connection comes with QoS 0, not 1", "connection идёт с QoS 0, а не 1"),
    "connection_says": ("connection says {0}, not ONLINE", "connection говорит {0}, а не ONLINE"),
    "drives_old_orders": (
        "drives an old order again: it must never be resent after another one",
        "повторяет старый заказ: после другого его нельзя посылать снова",
    ),
    "driver_error": ("{0}", "{0}"),
    "drove_horizon": (
        "drove on into what was not released, to {0}",
        "поехал дальше разрешённого, до {0}",
    ),
    "ended_as": ("the order ended as {0}: {1}", "заказ завершился как {0}: {1}"),
    "factsheet_says": (
        "ids up to {0} characters, {1} s between orders, loads up to {2} kg",
        "идентификаторы до {0} знаков, {1} с между заказами, груз до {2} кг",
    ),
    "factsheet_unreadable": ("the factsheet is no JSON object", "factsheet не объект JSON"),
    "forgot_order": (
        "order {0} is no longer shown after its end: a resend would drive it again",
        "заказ {0} после завершения не показан: повтор выполнил бы его снова",
    ),
    "forgets_order": ("forgets its order with the power", "забывает заказ без питания"),
    "hides_questions": (
        "answers, but never shows the stateRequest's id",
        "отвечает, но не показывает идентификатор stateRequest",
    ),
    "instant_keys": ("reads the key {0}", "читает ключ {0}"),
    "loads_seen": (
        "loads: {0} before, at most {1}, {2} after",
        "груз: {0} до, не больше {1}, {2} после",
    ),
    "loads_unsaid": ("loads are never told", "о грузе не сообщает"),
    "loads_wrong": (
        "loads do not follow pick and drop: {0} before, at most {1}, {2} after",
        "груз не следует за действиями: {0} до, не больше {1}, {2} после",
    ),
    "malformed_unnoticed": (
        "no error was reported about malformed messages",
        "об испорченных сообщениях робот не сообщил",
    ),
    "moved_for_nothing": ("moved without an order", "двинулся без заказа"),
    "moves_after_cancel": (
        "the cancel was FINISHED, the robot still moved, to {0}",
        "отмена FINISHED, а робот двигался дальше, до {0}",
    ),
    "moves_in_pause": ("moved during the pause, to {0}", "двигался во время паузы, до {0}"),
    "needs_motion": ("needs --allow-motion", "нужен --allow-motion"),
    "needs_restart_command": (
        "needs --restart-command for the broker",
        "нужна --restart-command для брокера",
    ),
    "no_factsheet": ("no factsheet came", "factsheet не пришёл"),
    "no_instant_key": (
        "instant actions are not answered under any key",
        "на мгновенные действия нет ответа ни под одним ключом",
    ),
    "no_last_will": ("the last will never came", "«завещание» не пришло"),
    "no_online": ("no ONLINE after the power came back", "нет ONLINE после включения"),
    "no_online_again": (
        "no ONLINE after the broker came back",
        "нет ONLINE после возвращения брокера",
    ),
    "no_other_node": ("the floor has no other node", "на плане нет другого узла"),
    "no_state": ("no state came: {0}", "состояние не пришло: {0}"),
    "no_way": ("no way leads from {0} to {1}", "нет пути от {0} до {1}"),
    "nobody_there": ("nobody answered the question", "на вопрос никто не ответил"),
    "not_accepted": ("the order was not accepted: {0}", "заказ не принят: {0}"),
    "not_at_rest": ("the robot does not come to rest: {0}", "робот не останавливается: {0}"),
    "not_done": ("the order did not end: {0}", "заказ не завершился: {0}"),
    "not_driving": ("the robot never drove: {0}", "робот не поехал: {0}"),
    "not_paused": ("the pause was not shown: {0}", "пауза не показана: {0}"),
    "not_sent": ("the driver did not send", "драйвер не отправил"),
    "off_floor": (
        "the robot stands at {0!r}, which is no node of floor.toml",
        "робот стоит в {0!r}, такого узла нет в floor.toml",
    ),
    "order_gone_in_pause": ("the order ended in the pause", "заказ закончился во время паузы"),
    "paused_unsaid": ("`paused` is never told", "`paused` не сообщается"),
    "ran_again": (
        "order {0} was driven again after its end",
        "заказ {0} выполнен ещё раз после завершения",
    ),
    "refused_as": ("refused: {0}", "отказ: {0}"),
    "refuses_old_orders": ("does not drive an old order again", "старый заказ не повторяет"),
    "rejected": ("refused: {0}", "отказ: {0}"),
    "remembers_order": (
        "remembers its order over a power cycle",
        "помнит заказ после выключения",
    ),
    "schema_count": (
        "{0}: {1} messages, {2} against the schema",
        "{0}: сообщений {1}, против схемы {2}",
    ),
    "schema_text": ("{0}", "{0}"),
    "schema_violated": (
        "{0} messages do not fit the schema",
        "не подходят к схеме сообщений: {0}",
    ),
    "silent_refusal": (
        "neither accepted nor refused: no error names the order",
        "ни принят, ни отклонён: ошибка не называет заказ",
    ),
    "silently_ignored": ("ignored without an error", "пропущено без сообщения об ошибке"),
    "stays_away": ("the robot did not come back", "робот не вернулся"),
    "too_short": (
        "the way is too short to see it drive: choose --pick and --drop further apart",
        "путь слишком короток: выберите --pick и --drop дальше друг от друга",
    ),
    "took_far_start": (
        "took order {0}, which begins where it is not",
        "принял заказ {0}, который начинается не там, где он стоит",
    ),
    "took_lower_update": (
        "took a lower orderUpdateId of order {0}",
        "принял меньший orderUpdateId заказа {0}",
    ),
    "took_malformed": ("obeyed a malformed message: {0}", "послушался испорченного: {0}"),
    "took_second_order": (
        "dropped its order for {0}",
        "бросил свой заказ ради {0}",
    ),
}
