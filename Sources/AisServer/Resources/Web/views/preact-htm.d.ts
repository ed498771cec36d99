// The part of preact and htm that the views use; their bundle comes without types.
// deno-lint-ignore-file no-explicit-any
export type View = any;
export function html(strings: TemplateStringsArray, ...values: any[]): View;
export function render(view: View, into: Element): void;
export function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: unknown[]): void;
export function useRef<T>(first: T): { current: T };
export function useMemo<T>(make: () => T, inputs: unknown[]): T;
