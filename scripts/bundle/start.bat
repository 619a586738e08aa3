@echo off
rem Finds a 64-bit Python 3.11 or 3.12 and hands over to start.py. ASCII only; the rest is in start.py.
setlocal EnableExtensions DisableDelayedExpansion
chcp 65001 >nul
set "PYTHONUTF8=1"
set "PYTHON="
for %%V in (3.11 3.12) do if not defined PYTHON call :try py -%%V
if not defined PYTHON call :try python
if not defined PYTHON goto missing
%PYTHON% "%~dp0start.py" %*
set "CODE=%ERRORLEVEL%"
pause
exit /b %CODE%

:try
%* -c "import struct, sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)) or struct.calcsize('P') != 8)" >nul 2>nul && set "PYTHON=%*"
exit /b 0

:missing
echo Python 3.11 or 3.12 (64-bit) was not found on this computer.
for %%F in ("%~dp0*.txt") do type "%%F"
pause
exit /b 1
