"""A stand-in for Launch Library 2's events API, played from a scenario file over real HTTP.

It imports no other room, because a stand-in that shares the client's code shares its mistakes. It
is not a copy of LL2's data: the bundled space week is invented.

    scenario = bundled_scenario()
    simulator = Simulator(scenario, clock.now, anchor=start)
    async with serve(simulator) as base_url:
        ...  # GET {base_url}/events/upcoming/?mode=detailed&limit=100
"""

from bot.simulator.loading import bundled_scenario, load_scenario, parse_scenario
from bot.simulator.scenario import Scenario, ScenarioError
from bot.simulator.server import Request, Simulator, serve

__all__ = [
    "Request",
    "Scenario",
    "ScenarioError",
    "Simulator",
    "bundled_scenario",
    "load_scenario",
    "parse_scenario",
    "serve",
]
