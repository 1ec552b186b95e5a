import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Daemon, DaemonState } from "./daemon-spec.ts";
import type { Services } from "./services.ts";

/**
 * Milliseconds for which a connection must have been idle to be closed by a stop. Whoever uses one
 * more often is told on its next answer to open another.
 */
const idlePatience = 1000;

/**
 * Milliseconds before the end of a stop's patience in which requests that still wait for a model
 * are told that they wait in vain, and those being computed may finish.
 */
const lastWords = 500;

/** A daemon that was started: its state, and the ways to change it. */
export class RunningDaemon implements Daemon {
  readonly closed: Promise<void>;
  /** Set once the private socket is open. */
  privateServer: Server | null = null;
  private readonly services: Services;
  private readonly application: FastifyInstance;
  private readonly startedAt: Date;
  private stopping: Promise<void> | null = null;
  private stuck = false;
  private reportClosed: () => void = () => undefined;

  constructor(services: Services, application: FastifyInstance) {
    this.services = services;
    this.application = application;
    this.startedAt = services.now();
    this.closed = new Promise((resolve) => {
      this.reportClosed = resolve;
    });
  }

  state(): DaemonState {
    const { spec, models, health, listener, traffic, maintenance } = this.services;
    const { release, version, environment } = spec;
    const databaseAnswers = health.newest?.components["database"]?.status === "healthy";
    return {
      release,
      version,
      environment,
      pid: process.pid,
      startedAt: this.startedAt.toISOString(),
      accepting: listener.accepting,
      maintenance: maintenance.on,
      maintenanceMessage: maintenance.message,
      ready: models.ready && databaseAnswers && this.stopping === null,
      inFlight: traffic.inFlight,
      connections: listener.connections,
      takesLeft: listener.takesLeft,
      requests: { ...traffic.requests },
      day: traffic.day.summary(performance.now()),
      models: models.all().map(({ record, ready }) => {
        return { name: record.name, version: record.version, sha256: record.sha256, ready };
      }),
    };
  }

  maintain(on: boolean, message: string | null = null): void {
    this.services.maintenance.set(on, message);
    this.services.spec.logger.info({ on }, "maintenance");
  }

  async accept(): Promise<void> {
    if (this.stopping !== null) return;
    await this.services.listener.accept();
    this.services.spec.logger.info({ takesLeft: this.services.listener.takesLeft }, "accepting");
  }

  async pause(): Promise<void> {
    if (!this.services.listener.accepting) return;
    this.services.listener.pause();
    this.services.spec.logger.info({ connections: this.services.listener.connections }, "paused");
  }

  address(): { host: string; port: number } | null {
    return this.services.listener.address();
  }

  get gaveUp(): boolean {
    return this.stuck;
  }

  giveUp(): void {
    this.stuck = true;
    void this.stop(this.services.spec.serve.shutdown);
  }

  stop(drainMilliseconds: number): Promise<void> {
    this.stopping ??= this.close(drainMilliseconds).finally(this.reportClosed);
    return this.stopping;
  }

  private async close(drainMilliseconds: number): Promise<void> {
    const { spec, listener, traffic, models, crashes, vectors, database, redis } = this.services;
    const { health, teller } = this.services;
    await this.pause();
    const deadline = performance.now() + drainMilliseconds;
    await this.quiet(deadline - Math.min(lastWords, drainMilliseconds / 4));
    models.turnAway();
    await this.quiet(deadline);
    if (traffic.inFlight > 0) spec.logger.warn({ cut: traffic.inFlight }, "requests cut");
    listener.cut();
    health.stop();
    teller?.stop();
    await models.close();
    crashes?.close();
    await this.application.close();
    await vectors.close();
    redis?.close();
    await database.destroy();
    await this.closePrivateServer();
    spec.logger.info({ release: spec.release }, "daemon stopped");
  }

  /** Resolves when no request and no connection is left, at the latest at the deadline. */
  private async quiet(deadline: number): Promise<void> {
    const { listener, traffic } = this.services;
    while (traffic.inFlight + listener.connections > 0 && performance.now() < deadline) {
      listener.closeIdle(idlePatience);
      await sleep(20);
    }
  }

  /** Last of all: while the socket is there, the daemon is. Node removes its file. */
  private async closePrivateServer(): Promise<void> {
    const server = this.privateServer;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
