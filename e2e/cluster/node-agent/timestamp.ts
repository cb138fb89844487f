/** The time in the form of metav1.Time: RFC 3339 in whole seconds. */
export function timestamp(date: Date = new Date()): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
