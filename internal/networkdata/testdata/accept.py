"""Has cloud-init make a netplan configuration of network data, as it does on a node.

One network_data.json a line comes in; one JSON object a line goes out: {"netplan": TEXT}, or
{"error": TEXT} where cloud-init fails. Every card that a link's MAC address names is there.
"""

import inspect
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")

from cloudinit.net import netplan, network_state
from cloudinit.sources.helpers import openstack


def cards(data):
    links = data.get("links", []) if isinstance(data, dict) else []
    macs = [l.get("ethernet_mac_address") for l in links if isinstance(l, dict)]
    macs = [m for m in macs if isinstance(m, str)]
    # What the kernel shows: lower case, colons.
    return {m.lower().replace("-", ":"): "enp%ds0" % i for i, m in enumerate(macs)}


# Later releases have no such choice.
STRICT = {"skip_broken": False}
if "skip_broken" not in inspect.signature(network_state.parse_net_config_data).parameters:
    STRICT = {}


def render(data):
    config = openstack.convert_net_json(data, known_macs=cards(data))
    state = network_state.parse_net_config_data(config, **STRICT)
    return netplan.Renderer({"features": ["ipv6-mtu"]})._render_content(state)


logging.disable(logging.CRITICAL)
for line in sys.stdin:
    try:
        answer = {"netplan": render(json.loads(line))}
    except Exception as e:  # whatever stops it on a node
        answer = {"error": "%s: %s" % (type(e).__name__, e)}
    print(json.dumps(answer))
