import type { Rule } from "./rule.ts";
import { columnRules } from "./rules/columns.ts";
import { otherDropRules } from "./rules/drop-other.ts";
import { dropRules } from "./rules/drop.ts";
import { enforcementRules } from "./rules/enforce.ts";
import { indexRules } from "./rules/indexes.ts";
import { lockRules } from "./rules/locks.ts";
import { renameRules } from "./rules/rename.ts";
import { rewriteRules } from "./rules/rewrites.ts";
import { rowRules } from "./rules/rows.ts";
import { sqliteRules } from "./rules/sqlite.ts";
import { transactionRules } from "./rules/transactions.ts";
import { unknownRules } from "./rules/unknown.ts";
import { validationRules } from "./rules/validation.ts";

/** Every rule, in the order in which they are listed to people. */
export const rules: readonly Rule[] = [
  ...dropRules,
  ...renameRules,
  ...columnRules,
  ...enforcementRules,
  ...otherDropRules,
  ...indexRules,
  ...validationRules,
  ...rewriteRules,
  ...lockRules,
  ...rowRules,
  ...transactionRules,
  ...sqliteRules,
  ...unknownRules,
];
