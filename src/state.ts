import { join } from "node:path";

/** Where a project keeps its state: everything lies in `.studio/` beside studio.yaml. */
export interface StatePaths {
  root: string;
  ledger: string;
  lock: string;
  releases: string;
  run: string;
  logs: string;
  data: string;
  backups: string;
  reserve: string;
}

export function statePaths(directory: string, environment: string): StatePaths {
  const root = join(directory, ".studio");
  return {
    root,
    ledger: join(root, "state.db"),
    lock: join(root, "locks", `${environment}.db`),
    releases: join(root, "releases"),
    run: join(root, "run", environment),
    logs: join(root, "logs", environment),
    data: join(root, "data"),
    backups: join(root, "backups"),
    reserve: join(root, "reserve"),
  };
}
