// Types of the module at /_a/a.js. Say where it is, for example in tsconfig.json:
//   "paths": {"/_a/a.js": ["./types/analytics.d.ts"]}

/** A property of an event: anything that is JSON. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Params = Record<string, Json | undefined>;

export interface PageView {
  view_id: string;
  url: string;
  title: string;
  referrer: string;
  isInitialLoad: boolean;
  /** Milliseconds since the epoch, as every timestamp here. */
  timestamp: number;
}

export interface Navigation {
  url: string;
  previousUrl?: string;
  timestamp: number;
}

export interface Action {
  action: string;
  method: string;
  elementTag: string;
  timestamp: number;
}

export interface Track {
  eventName: string;
  params?: Params;
  timestamp?: number;
}

export interface Modal {
  modalId?: string;
  url?: string;
  timestamp: number;
}

export interface FormState {
  formId?: string;
  timestamp: number;
}

export interface PageError {
  message: string;
  type?: string;
  context?: "navigation" | "action" | "render" | "unknown";
  stack?: string;
  url?: string;
  line?: number;
  column?: number;
  timestamp?: number;
}

export interface Payloads {
  "analytics:track": Track | { name: string; properties?: Params; timestamp?: number };
  /** A body that will not be delivered, as JSON, and why: a status, an error or "offline". */
  "analytics:lost": { body: string; reason: unknown };
  "page:view": PageView;
  error: PageError;
  "framework:ready": { loadTime: number; timestamp: number };
  "navigation:start": Navigation;
  "navigation:complete": Navigation & { duration: number };
  "navigation:error": { url: string; error: string; timestamp: number };
  "action:start": Action;
  "action:complete": Action & {
    success: boolean;
    statusCode: number;
    /** Milliseconds. */
    duration: number;
    validationFailed?: boolean;
  };
  "modal:open": Modal;
  "modal:close": Modal;
  "partial:render": { src: string; patchLocation: string; timestamp: number };
  "form:dirty": FormState;
  "form:clean": FormState;
  "network:online": { timestamp: number };
  "network:offline": { timestamp: number };
  /** The name of a hook that somebody began to listen to. */
  "hooks:on": string;
}

export interface Options {
  /** For `off`. */
  id?: unknown;
  once?: boolean;
  /** Higher goes first; 0 where none is given. */
  priority?: number;
}

export interface Hooks {
  /** Returns a function that ends it. */
  on<E extends keyof Payloads>(event: E, fn: (payload: Payloads[E]) => void, options?: Options): () => void;
  on(event: string, fn: (payload: unknown) => void, options?: Options): () => void;
  once<E extends keyof Payloads>(event: E, fn: (payload: Payloads[E]) => void, options?: Options): () => void;
  once(event: string, fn: (payload: unknown) => void, options?: Options): () => void;
  /** By the id that it was given, or by the function. */
  off(event: string, id: unknown): void;
  /** Ends all listeners of the page's own, or those of one event. */
  clear(event?: string): void;
  /** A listener that throws does not stop the others. */
  emit<E extends keyof Payloads>(event: E, payload: Payloads[E]): void;
  emit(event: string, payload?: unknown): void;
}

export const hooks: Hooks;

/** The same as emitting `analytics:track`. */
export function track(eventName: string, params?: Params): void;

/** Sends what waits. */
export function flush(): void;

/** The visitor's answer: true sends what waits, false forgets it and ends it. */
export function setConsent(answer: boolean): void;
