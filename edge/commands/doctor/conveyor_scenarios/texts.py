"""What the report says, in English and Russian. {0}, {1} … are the note's values."""

from typing import Final

Texts = dict[str, tuple[str, str]]

TITLES: Final[Texts] = {
    "C01": ("Register map and boot_id", "Карта регистров и boot_id"),
    "C02": ("Heartbeat of the PLC", "Пульс контроллера"),
    "C03": ("A divert to each lane", "Сброс на каждую полосу"),
    "C04": ("Same number five times, one divert", "Один номер пять раз — один сброс"),
    "C05": ("A lane that is not there", "Полоса, которой нет"),
    "C06": ("Busy: the running divert is left alone", "Занят: начатый сброс не тронут"),
    "C07": ("Writes to status registers and coils", "Запись в регистры состояния и катушки"),
    "C08": ("Host silent, belt stops", "Станция молчит — лента стоит"),
    "C09": ("Refused until started", "Отказ до команды «пуск»"),
    "C10": ("Restart shows a new boot_id", "Перезапуск даёт новый boot_id"),
    "C11": ("Fault and reset", "Авария и сброс аварии"),
    "C12": ("Reply lost, one divert", "Ответ потерян — один сброс"),
    "C13": ("Late reply on a serial line", "Поздний ответ на последовательной линии"),
    "C14": ("Numbers wrap from 65535 to 1", "Номер после 65535 — 1"),
    "C15": ("Time until a command is seen", "Время до подтверждения команды"),
}

WORDS: Final[Texts] = {
    "pass": ("pass", "да"),
    "fail": ("FAIL", "НЕТ"),
    "skip": ("skipped", "пропуск"),
    "heading": ("Conformance of conveyor {0}", "Проверка соответствия конвейера {0}"),
    "plc": (
        "{0}, register map conveyor/1, style {1}, base {2}, {3} lanes",
        "{0}, карта регистров conveyor/1, стиль {1}, база {2}, полос: {3}",
    ),
    "column": ("scenario", "сценарий"),
    "verdict": ("result", "итог"),
    "found": ("what was seen", "что наблюдалось"),
    "written": ("report in {0}", "отчёт в {0}"),
}

TEXTS: Final[Texts] = {
    "ask_restart": (
        "Switch the PLC off and on, then press Enter.",
        "Выключите и включите контроллер, затем нажмите Enter.",
    ),
    "ask_fault": (
        "Cause a fault (open the guard, block the infeed), then press Enter.",
        "Вызовите аварию (откройте ограждение, перекройте вход), затем нажмите Enter.",
    ),
    "ask_fault_gone": (
        "Remove the cause of the fault, then press Enter.",
        "Устраните причину аварии, затем нажмите Enter.",
    ),
    "beats": ("{0} heartbeats in a second", "ударов пульса за секунду: {0}"),
    "belt": ("belt {0}, fault {1}", "лента: {0}, авария {1}"),
    "boot_id": ("boot_id {0}", "boot_id {0}"),
    "boot_moves": (
        "boot_id changes by itself: {0}, then {1}",
        "boot_id меняется сам: {0}, затем {1}",
    ),
    "command_failed": ("the command {0} ended with {1}", "команда {0} завершилась с {1}"),
    "does_not_start": ("the belt does not start", "лента не запускается"),
    "diverts": ("divert_count grew by {0}, not by 1", "divert_count вырос на {0}, а не на 1"),
    "driver_error": ("{0}", "{0}"),
    "echo_ms": (
        "{0} commands seen, median {1} ms, 99 % within {2} ms",
        "команд: {0}, медиана {1} мс, 99 % за {2} мс",
    ),
    "exception": (
        "a write to {0} must be answered by exception {1}, came {2}",
        "на запись в {0} нужен код исключения {1}, пришёл {2}",
    ),
    "exits": ("exit_count grew by {0}, not by 1", "exit_count вырос на {0}, а не на 1"),
    "fault": ("fault {0}", "авария {0}"),
    "fault_stays": ("the fault stays after reset", "авария остаётся после сброса"),
    "heart_slow": (
        "plc_hb changed {0} times in a second, 10 are agreed",
        "plc_hb за секунду изменился {0} раз, условлено 10",
    ),
    "lanes": ("{0} lanes", "полос: {0}"),
    "needs_motion": (
        "moves the belt: needs --allow-motion",
        "двигает ленту: нужен --allow-motion",
    ),
    "never_came": ("the first write never came, written again", "первая запись не дошла, повтор"),
    "no_echo": ("seq_seen never shows the number", "seq_seen не показал номер"),
    "no_end": ("done_seq never shows the number", "done_seq не показал номер"),
    "no_exit": ("the exit sensor saw nothing", "датчик полосы ничего не увидел"),
    "no_fault": ("no fault is shown", "авария не показана"),
    "nobody_there": ("nobody is there to do it", "некому это сделать"),
    "not_done": ("done_result {0}, fault {1}", "done_result {0}, авария {1}"),
    "not_ready": ("the belt is not ready: {0}", "лента не готова: {0}"),
    "not_refused": (
        "must be refused: seq_result {0}, reject_reason {1}",
        "нужен отказ: seq_result {0}, reject_reason {1}",
    ),
    "not_serial": ("only on a serial line", "только на последовательной линии"),
    "other_item": ("done_item is {0}, not {1}", "done_item {0}, а не {1}"),
    "reason": ("reject_reason must be {0}, is {1}", "reject_reason должен быть {0}, а не {1}"),
    "refused_and_moved": ("refused, and yet it moved", "отказ, но движение было"),
    "rejected": ("refused with reason {0}", "отказ, причина {0}"),
    "remembers_number": (
        "seq_seen is {0} after a start, not 0",
        "seq_seen после пуска {0}, а не 0",
    ),
    "running_one_changed": (
        "the running divert was changed by the refused one",
        "отказанная команда изменила начатый сброс",
    ),
    "running_one_lost": ("the running divert never ended", "начатый сброс не завершился"),
    "runs_without_host": (
        "the belt runs on without its host",
        "лента движется без станции",
    ),
    "same_boot_id": ("boot_id is the same after a start", "boot_id после пуска тот же"),
    "same_number_again": (
        "the same number was obeyed again",
        "тот же номер исполнен ещё раз",
    ),
    "second_taken": (
        "a second command was taken while one ran",
        "вторая команда принята во время первой",
    ),
    "starts_by_itself": (
        "the belt starts by itself when the host is back",
        "лента запускается сама, когда станция вернулась",
    ),
    "status_written": ("a status register was changed", "регистр состояния изменён"),
    "stopped_after": ("stopped after {0} s", "остановка через {0} с"),
    "stops_too_soon": ("stops already after {0} s", "останавливается уже через {0} с"),
    "too_fast": (
        "the first divert was over before the second command came",
        "первый сброс завершился до второй команды",
    ),
    "watchdog": ("host_timeout {0} ms", "host_timeout {0} мс"),
    "watchdog_differs": (
        "host_timeout is {0} ms, the configuration says {1}",
        "host_timeout {0} мс, в конфигурации {1}",
    ),
    "wrong_lane": ("left by lane {0}, not {1}", "ушло на полосу {0}, а не {1}"),
}
