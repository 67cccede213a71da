"""A sorter's PLC behind Modbus TCP: register map `conveyor/1`, by the contract alone."""
