// Echo
