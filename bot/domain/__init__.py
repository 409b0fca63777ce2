"""The words and rules of Perigee: pure, synchronous, standard library only.

Glossary, one word for one meaning:

- *event*: a spaceflight event as LL2 tells it (a docking, a spacewalk), known by LL2's id.
- *observation*: what one LL2 answer said about an event, and which fields it left out.
- *snapshot*: one complete answer of `/events/upcoming/`.
- *stated date*: a date together with the precision at which LL2 states it.
- *window*: the span of time that a stated date allows.
- *change*: one thing that differs between two states of an event and that a reader wants to know.
- *kind*: the word for a sort of change (`new`, `date`, `update` …), as users type it.
- *lead time*: how long before an event's date a reminder is due.
- *reminder*: the news that an event is near; it comes from the clock, not from LL2.
- *news*: a change or a reminder; what a message tells.
- *fan-out*: the debt of one save's changes (or one reminder) to all who want them, with a cursor.
- *filter*: what a subscription asks for; *subscription*: a filter held by a destination.
- *destination*: where messages go: an adapter and an address in it.
- *adapter*: the door to one chat platform.
- *message*: neutral text, links and picture; an adapter renders it.
- *delivery*: one message owed to one destination; the *outbox* is all deliveries.
- *lease*: the time for which a sender owns a claimed delivery, or a process a role.
- *role*: a part of the work that one process at a time does; *standby*: one that waits for it.
- *epoch*: how often a role has changed hands; a *fence* lets nothing in of an epoch that is over.
- *pace*: what requests go through; a *slot* lets one of them out, a *lane* is a chat's own limit.
- *turnstile*: lets one pass only so often, whichever process it is in.
- *outcome*: what became of one attempt to send; *backoff*: the growing pause before the next.
- *cause*: why an attempt came out so, in one of few words that can be counted.
- *heartbeat*: a loop's sign of life, with until when it will show itself again.
- *in doubt*: a delivery of which nobody knows whether an attempt arrived.
- *purge*: to remove from the store what nobody needs any more; *retention*: how long what has ended
  is kept before.
- *post*: the place that a platform opened for one event inside a destination, as forums do.
- *headroom*: what is left of the hourly request budget; *probe*: a request that asks for given ids.
"""
