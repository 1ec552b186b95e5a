import { firstWord } from "../../statement-kind.ts";
import type { Verdict } from "../statement-meter.ts";
import { namesDatabase } from "./names-live.ts";

/** Accounts, databases and settings are the whole server's. */
const serverWide =
  /^\s*(?:(?:create|alter|drop|rename)\s+(?:or\s+replace\s+)?(?:user|role|database|schema|server|tablespace|undo|resource|logfile)\b|(?:grant|revoke|flush|reset|purge|change|kill|shutdown|restart|install|uninstall|stop|clone)\b|start\s+(?:slave|replica|group_replication)\b|set\s+(?:global|persist|persist_only|password|default\s+role|@@global|@@persist)\b)/i;

/** What must not be sent to a copy, because it would reach beyond it, into the original or further. */
export function judgeOnMysqlClone(sql: string, live: string): Verdict {
  if (firstWord(sql) === "use") {
    return { refuse: "it leaves its database with USE, and could not be kept to the copy" };
  }
  const bare = sql.replace(/^(?:\s|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!!)[^]*?\*\/)+/, "");
  if (serverWide.test(bare)) return { skip: "it would change the whole server, not only the copy" };
  return namesDatabase(sql, live)
    ? { refuse: `it names the database ${live}, and would not keep to the copy` }
    : null;
}
