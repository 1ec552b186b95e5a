import { reasonOf } from "../errors.ts";
import type { SystemMeter, SystemUsage } from "./system-usage.ts";

export type HealthStatus = "healthy" | "degraded" | "unhealthy";

export interface ComponentHealth {
  status: HealthStatus;
  duration_ms: number;
}

/** Looks at one component; throws, with the reason, when it does not work. */
export type ComponentCheck = () => Promise<"healthy" | "degraded">;

export interface HealthReport {
  status: HealthStatus;
  /** UTC, ISO 8601: when the components were looked at. */
  timestamp: string;
  system: SystemUsage;
  components: Record<string, ComponentHealth>;
}

export interface HealthMonitorOptions {
  checks: Record<string, ComponentCheck>;
  meter: SystemMeter;
  now: () => Date;
  /** Told when a component changes for the worse or the better. */
  changed(name: string, status: HealthStatus, reason: string | null): void;
  /** Told of every look, with the reasons of what does not work. */
  looked?(report: HealthReport, reasons: Readonly<Record<string, string>>): void;
  /** Milliseconds between two looks in the background. Default: 60 s. */
  interval?: number;
}

/** A component that takes longer than this, in milliseconds, does not work. */
const patience = 1500;

/** Looks at the components at the start, from time to time, and when somebody asks. */
export class HealthMonitor {
  private readonly options: HealthMonitorOptions;
  private last: { report: HealthReport; at: number } | null = null;
  private running: Promise<HealthReport> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private reasons: Record<string, string> = {};

  constructor(options: HealthMonitorOptions) {
    this.options = options;
  }

  /** The first look; the following ones come by themselves until `stop`. */
  async start(): Promise<void> {
    this.timer = setInterval(() => void this.look(), this.options.interval ?? 60_000);
    this.timer.unref();
    await this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The newest report if it is at most `age` milliseconds old, else a new one. */
  async report(age: number): Promise<HealthReport> {
    if (this.last !== null && performance.now() - this.last.at <= age) return this.last.report;
    return await this.look();
  }

  /** What the newest report says, without looking again; null before the first. */
  get newest(): HealthReport | null {
    return this.last?.report ?? null;
  }

  private look(): Promise<HealthReport> {
    this.running ??= this.examine().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async examine(): Promise<HealthReport> {
    const { checks, meter, now } = this.options;
    const names = Object.keys(checks);
    const [system, ...results] = await Promise.all([
      meter.measure().catch(() => unknownUsage),
      ...names.map((name) => this.examineOne(name)),
    ]);
    const components = Object.fromEntries(names.map((name, index) => [name, results[index]]));
    const report: HealthReport = {
      status: worst(results.map(({ status }) => status)),
      timestamp: now().toISOString(),
      system,
      components: components as Record<string, ComponentHealth>,
    };
    this.last = { report, at: performance.now() };
    this.options.looked?.(report, this.reasons);
    return report;
  }

  private async examineOne(name: string): Promise<ComponentHealth> {
    const start = performance.now();
    let status: HealthStatus = "unhealthy";
    let reason: string | null = null;
    try {
      status = await within(patience, this.options.checks[name] as ComponentCheck);
    } catch (error) {
      reason = reasonOf(error);
    }
    if (reason === null) delete this.reasons[name];
    else this.reasons[name] = reason;
    const before = this.last?.report.components[name]?.status ?? "healthy";
    if (status !== before) this.options.changed(name, status, reason);
    return { status, duration_ms: Math.round((performance.now() - start) * 10) / 10 };
  }
}

const unknownUsage = { memory_usage_percent: 0, cpu_usage_percent: 0, disk_usage_percent: 0 };

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  if (statuses.includes("unhealthy")) return "unhealthy";
  return statuses.includes("degraded") ? "degraded" : "healthy";
}

async function within(
  milliseconds: number,
  check: ComponentCheck,
): Promise<"healthy" | "degraded"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}
