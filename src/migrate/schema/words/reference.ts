import type { Dialect } from "../../../database/address.ts";
import { type ForeignKey, given } from "../model.ts";
import { splitName } from "../names.ts";
import { WordReader, wordOfName, wordOfQualified } from "./word-reader.ts";

/** `user_id -> users(id) on delete cascade`, without the name of the foreign key. */
export function referenceWords(key: ForeignKey, dialect: Dialect): string {
  const list = (names: readonly string[]) =>
    names.map((name) => wordOfName(name, dialect)).join(", ");
  const parts = dialect === "postgres" ? splitName(key.table) : [key.table];
  const target = wordOfQualified(parts, dialect);
  return [
    `${list(key.columns)} -> ${target}${key.referenced.length === 0 ? "" : `(${list(key.referenced)})`}`,
    key.matchFull === true ? "match full" : "",
    key.onUpdate === undefined ? "" : `on update ${key.onUpdate}`,
    key.onDelete === undefined ? "" : `on delete ${key.onDelete}`,
    key.deferral === undefined ? "" : deferralWords(key.deferral),
    key.notValid === true ? "not valid" : "",
  ]
    .filter((word) => word !== "")
    .join(" ");
}

function deferralWords(deferral: NonNullable<ForeignKey["deferral"]>): string {
  return deferral === "deferrable" ? deferral : `deferrable ${deferral}`;
}

/** The reverse of `referenceWords`. @throws WordsError */
export function parseReference(text: string, dialect: Dialect): ForeignKey {
  const reader = new WordReader(text, dialect);
  const columns = names(reader);
  // The dialects differ in whether an arrow is one sign.
  if (!reader.take("->")) {
    reader.expect("-");
    reader.expect(">");
  }
  return { columns, ...target(reader) };
}

/** What follows REFERENCES or the arrow, to the end. */
export function target(reader: WordReader): Omit<ForeignKey, "columns"> {
  const table = reader.name();
  const referenced = reader.sees("(") ? names(new WordReader(reader.group(), reader.dialect)) : [];
  const key: Omit<ForeignKey, "columns"> = { table, referenced };
  while (!reader.isAtEnd()) {
    if (reader.take("match full")) key.matchFull = true;
    else if (reader.take("on delete")) Object.assign(key, given({ onDelete: action(reader) }));
    else if (reader.take("on update")) Object.assign(key, given({ onUpdate: action(reader) }));
    else if (reader.take("not valid")) key.notValid = true;
    else if (reader.take("match simple") || reader.take("not deferrable")) continue;
    else if (reader.take("deferrable") || reader.sees("initially deferred")) {
      key.deferral = reader.take("initially deferred") ? "initially deferred" : "deferrable";
    } else if (!reader.take("initially immediate")) {
      throw reader.unexpected("on delete, on update, match full, deferrable or not valid");
    }
  }
  return key;
}

function action(reader: WordReader): string | null {
  const word = reader.takeOne(["cascade", "restrict", "no action", "set null", "set default"]);
  if (word === null) throw reader.unexpected("cascade, restrict, set null, set default");
  if (word === "no action") return null;
  // InnoDB does the same for both, and MySQL and MariaDB differ in which one they print.
  if (word === "restrict" && reader.dialect === "mysql") return null;
  if (!reader.sees("(")) return word;
  const list = names(new WordReader(reader.group(), reader.dialect));
  return `${word} (${list.map((name) => wordOfName(name, reader.dialect)).join(", ")})`;
}

function names(reader: WordReader): string[] {
  const found = [reader.plainName()];
  while (reader.take(",")) found.push(reader.plainName());
  return found;
}
