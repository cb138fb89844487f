import {
  type KubeObject,
  type ObjectKey,
  objectKey,
  type Resource,
  type ResourceRef,
  resourceKey,
} from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { compareAge } from "@sluice/translate";

/** A resource as it was rendered, with the objects behind it in the forms that they had then. */
export interface Shape {
  readonly resource: Resource;
  readonly objects: readonly KubeObject[];
  /** Grows with each rendering. */
  readonly order: number;
}

/** What became of one resource of one rendering. */
export interface Slot {
  readonly typeUrl: string;
  /** As rendered last; undefined: it is wanted no more. */
  readonly wanted: Shape | undefined;
  /** As some node accepted it last. */
  readonly accepted: Shape | undefined;
  /** The version that a node refused last, and its words. */
  readonly refused: { readonly version: string; readonly words: string } | undefined;
}

/** Remembers which forms of which objects went into the resources that nodes accepted, and into those they refused. */
export interface Verdicts {
  /** `objects` are those behind the resource, as translation saw them. */
  rendered(rendering: string, resource: Resource, objects: readonly KubeObject[]): Slot;
  /** The resource is wanted no more. What nodes accepted of it is remembered: some hold it until the removal has come. */
  dropped(rendering: string, ref: ResourceRef): void;
  /** No node holds anything that is not wanted: what was dropped is forgotten. */
  settled(): void;
  accepted(resource: Resource): void;
  /** The slot of the resource; undefined if the resource is not known. */
  refused(resource: Resource, words: string): Slot | undefined;
  /**
   * Which objects the refusal of a slot can be due to, the least suspicious first: those that changed since the
   * accepted version. Without one, those that have not proved themselves elsewhere.
   */
  suspects(slot: Slot): readonly KubeObject[];
  /** The latest other form of the object that was accepted, if there is one and it was not convicted. */
  earlierForm(object: KubeObject, slot: Slot): KubeObject | undefined;
  /** This form of an object was found to be at fault: it is never gone back to. */
  convicted(object: KubeObject): void;
  /** An object is no more: its forms are forgotten. */
  forget(key: ObjectKey): void;
  /** Resolves when {@link isGiven}. */
  given(slot: Slot): Promise<void>;
}

type MutableSlot = { -readonly [K in keyof Slot]: Slot[K] };

/** Whether what is wanted in the slot was refused, and nobody accepted it. */
export function isRefused({ wanted, accepted, refused }: Slot): boolean {
  const version = wanted?.resource.version;
  return version !== undefined && refused?.version === version && accepted?.resource.version !== version;
}

export function createVerdicts(): Verdicts {
  const slots = new Map<string, MutableSlot>();
  const known = new WeakMap<Resource, { readonly slot: MutableSlot; readonly shape: Shape }>();
  const waiters = new Map<Slot, (() => void)[]>();
  const forms = createForms();
  const dropped = new Set<string>();
  let order = 0;

  const told = (slot: Slot): void => {
    if (!isGiven(slot)) return;
    for (const done of waiters.get(slot) ?? []) done();
    waiters.delete(slot);
  };
  const accept = (slot: MutableSlot, shape: Shape): void => {
    if (slot.accepted !== undefined && slot.accepted.order > shape.order) return;
    slot.accepted = shape;
    for (const object of shape.objects) if (tells(shape.resource, object)) forms.accepted(object);
  };

  return {
    rendered(rendering, resource, objects) {
      const key = `${rendering}\u0000${resourceKey(resource)}`;
      const slot = slots.get(key) ?? newSlot(resource);
      slots.set(key, slot);
      const shape = { resource, objects, order: ++order };
      known.set(resource, { slot, shape });
      slot.wanted = shape;
      // Equal bytes are sent to nobody who has them, and so nobody would ever accept them.
      if (slot.accepted?.resource.version === resource.version) accept(slot, shape);
      told(slot);
      return slot;
    },
    dropped(rendering, ref) {
      const key = `${rendering}\u0000${resourceKey(ref)}`;
      const slot = slots.get(key);
      if (slot === undefined) return;
      slot.wanted = undefined;
      dropped.add(key);
      told(slot);
    },
    settled() {
      for (const key of dropped) if (slots.get(key)?.wanted === undefined) slots.delete(key);
      dropped.clear();
    },
    accepted(resource) {
      const found = known.get(resource);
      if (found === undefined) return;
      accept(found.slot, found.shape);
      told(found.slot);
    },
    refused(resource, words) {
      const slot = known.get(resource)?.slot;
      if (slot === undefined) return undefined;
      slot.refused = { version: resource.version, words };
      told(slot);
      return slot;
    },
    suspects(slot) {
      const objects = slot.wanted?.objects ?? [];
      const { accepted } = slot;
      const others = [...slots.values()].filter((other) => other !== slot);
      const suspects =
        accepted === undefined
          ? objects.filter((object) => !isProven(object, others, forms))
          : objects.filter((object) => !accepted.objects.includes(object));
      const proofs = (object: KubeObject): number => others.filter((other) => holds(other, object)).length;
      return suspects
        .map((object) => ({ object, proofs: proofs(object) }))
        .sort((a, b) => b.proofs - a.proofs || compareAge(a.object, b.object))
        .map(({ object }) => object);
    },
    earlierForm(object, slot) {
      const isOther = (form: KubeObject): boolean => form !== object && keyOf(form) === keyOf(object);
      return slot.accepted?.objects.find(isOther) ?? forms.before(object);
    },
    convicted: forms.convicted,
    forget: forms.forget,
    given(slot) {
      if (isGiven(slot)) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiters.set(slot, [...(waiters.get(slot) ?? []), resolve]);
      return promise;
    },
  };
}

function newSlot({ typeUrl }: ResourceRef): MutableSlot {
  return { typeUrl, wanted: undefined, accepted: undefined, refused: undefined };
}

/** Whether nothing is wanted in the slot, or a node has accepted or refused what is. */
export function isGiven(slot: Slot): boolean {
  const version = slot.wanted?.resource.version;
  return (
    version === undefined || slot.accepted?.resource.version === version || slot.refused?.version === version
  );
}

function isVirtualHost({ typeUrl }: ResourceRef): boolean {
  return typeUrl === TYPE_URLS.VIRTUAL_HOST;
}

/**
 * Whether acceptance of the resource says something of the object. Clusters go ahead of virtual hosts, and a listener
 * is accepted before its secrets have come.
 */
function tells(resource: ResourceRef, { kind }: KubeObject): boolean {
  if (kind === "Ingress") return isVirtualHost(resource);
  return kind !== "Secret" || resource.typeUrl === TYPE_URLS.SECRET;
}

/** Whether the accepted version of a slot was made with this form of the object. */
function holds({ accepted }: Slot, object: KubeObject): boolean {
  return accepted?.objects.includes(object) ?? false;
}

/** An Ingress has proved itself when all its virtual hosts were accepted; of other objects one resource tells enough. */
function isProven(object: KubeObject, others: readonly Slot[], forms: Forms): boolean {
  if (object.kind !== "Ingress") return forms.latest(object) === object;
  const hosts = others.filter(
    ({ wanted }) => wanted !== undefined && isVirtualHost(wanted.resource) && wanted.objects.includes(object),
  );
  return hosts.length > 0 && hosts.every((host) => holds(host, object));
}

/** The last two accepted forms of each object. */
interface Forms {
  accepted(object: KubeObject): void;
  latest(object: KubeObject): KubeObject | undefined;
  before(object: KubeObject): KubeObject | undefined;
  convicted(object: KubeObject): void;
  forget(key: ObjectKey): void;
}

function createForms(): Forms {
  const forms = new Map<ObjectKey, readonly KubeObject[]>();
  const of = (object: KubeObject): readonly KubeObject[] => forms.get(keyOf(object)) ?? [];
  return {
    accepted(object) {
      const [latest] = of(object);
      if (latest !== object) forms.set(keyOf(object), latest === undefined ? [object] : [object, latest]);
    },
    latest: (object) => of(object)[0],
    before: (object) => of(object).find((form) => form !== object),
    convicted: (object) =>
      void forms.set(
        keyOf(object),
        of(object).filter((form) => form !== object),
      ),
    forget: (key) => void forms.delete(key),
  };
}

function keyOf({ kind, metadata }: KubeObject): ObjectKey {
  return objectKey({ kind, namespace: metadata.namespace, name: metadata.name });
}
