import type { Client, Connection, Submittable } from "pg";
import { drained } from "../drained.ts";

/** The parts of a connection of `pg` that its type declarations leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * Runs `COPY … FROM STDIN` with rows in the text format, as fast as the server takes them.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
export function copyIn(client: Client, statement: string, rows: AsyncIterable<Buffer>) {
  return new Promise<void>((resolve, reject) => {
    client.query(new CopyIn(statement, rows, { resolve, reject }));
  });
}

interface Outcome {
  resolve(): void;
  reject(error: unknown): void;
}

/** The methods with `handle` are called by `pg`, as those of its own queries are. */
class CopyIn implements Submittable {
  readonly #statement: string;
  readonly #rows: AsyncIterable<Buffer>;
  readonly #outcome: Outcome;
  #ended = false;
  #failure: unknown = null;

  constructor(statement: string, rows: AsyncIterable<Buffer>, outcome: Outcome) {
    this.#statement = statement;
    this.#rows = rows;
    this.#outcome = outcome;
  }

  submit(connection: Connection): void {
    connection.query(this.#statement);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    void this.#send(connection).catch((error: unknown) => {
      this.#failure = error;
      // The server answers with an error, which ends the query.
      if (!this.#ended) connection.sendCopyFail("the rows could not be read");
    });
  }

  async #send(connection: CopyConnection): Promise<void> {
    const { stream } = connection;
    for await (const chunk of this.#rows) {
      if (this.#ended) return;
      connection.sendCopyFromChunk(chunk);
      await drained(stream);
    }
    if (!this.#ended) connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#ended = true;
    this.#outcome.resolve();
  }

  handleError(error: unknown): void {
    this.#ended = true;
    this.#outcome.reject(this.#failure ?? error);
  }
}
