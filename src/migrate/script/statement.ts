/** One statement of a migration, as it is sent to the database. */
export interface ScriptStatement {
  /** Without the semicolon that ends it. */
  sql: string;
  /** Where it begins in the migration's file, from 1; null where a program made it. */
  line: number | null;
}
