"""A small MCP server over stdio: converts between units of length, mass and temperature."""

from typing import Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

METRES = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "in": 0.0254, "ft": 0.3048, "mi": 1609.344}
KILOGRAMS = {"g": 0.001, "kg": 1.0, "oz": 0.028349523125, "lb": 0.45359237}

Length = Literal["mm", "cm", "m", "km", "in", "ft", "mi"]
Mass = Literal["g", "kg", "oz", "lb"]
Temperature = Literal["C", "F", "K"]

server = MCPServer("units", version="0.1.0", log_level="WARNING")


@server.tool(structured_output=False)
def length(value: float, source: Length, target: Length) -> str:
    """Converts a length from one unit to another."""
    return f"{value * METRES[source] / METRES[target]:.6g} {target}"


@server.tool(structured_output=False)
def mass(value: float, source: Mass, target: Mass) -> str:
    """Converts a mass from one unit to another."""
    return f"{value * KILOGRAMS[source] / KILOGRAMS[target]:.6g} {target}"


@server.tool(structured_output=False)
def temperature(value: float, source: Temperature, target: Temperature) -> str:
    """Converts a temperature from one scale to another."""
    kelvin = {"C": value + 273.15, "F": (value + 459.67) * 5 / 9, "K": value}[source]
    if kelvin < 0:
        raise ToolError("there is nothing below absolute zero")
    result = {"C": kelvin - 273.15, "F": kelvin * 9 / 5 - 459.67, "K": kelvin}[target]
    return f"{result:.6g} {target}"


if __name__ == "__main__":
    server.run("stdio")
